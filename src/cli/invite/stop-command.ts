import { type Command, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { campaignAnswer, campaignChanged, invitationAnswer, invitationsChanged } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import { assertCanConfirm, confirmed } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { translate } from '../messages.ts';
import { printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { findInvitation } from './find-invitation.ts';

/** What the two commands say; the placeholders are `{code}`, `{campaign}`, `{batch}`, and the numbers `{total}`, `{usable}`, `{found}` and `{changed}`. */
interface Words {
  readonly description: string;
  readonly question: Sentence;
  readonly questionOfCampaign: Sentence;
  readonly done: Sentence;
  readonly doneWithCampaign: Sentence;
  readonly questionOfBatch: Sentence;
  readonly doneWithBatch: Sentence;
}

interface StopFlags extends OperatorFlags {
  readonly campaign?: string;
  readonly batch?: string;
  readonly yes?: true;
}

const oneOfThree = {
  ko: '코드 하나, --campaign, --batch 중 하나를 지정하세요.',
  en: 'Name one of these: a code, --campaign or --batch.',
};

/** Adds `revoke` or `restore`: the same for opposite ends. */
export function addStopCommand(invite: Command, context: CommandContext, verb: 'revoke' | 'restore', words: Words): void {
  const command = invite
    .command(verb)
    .description(words.description)
    .argument('[code]', 'its code, or its id')
    .addOption(new Option('--campaign <name>', 'all invitations of a campaign, at once'))
    .option('--batch <batch>', 'all that one bulk request or import made, at once')
    .option('--yes', 'do not ask');
  addOperatorOptions(command).action(async (code: string | undefined, flags: StopFlags) => {
    const { campaign, batch } = flags;
    assertCanConfirm(flags, context);
    if ([code, campaign, batch].filter((one) => one !== undefined).length !== 1) {
      throw new UsageError(translate({ sentence: oneOfThree }, context.language));
    }
    return asOperator(context, flags, (operator) => {
      if (campaign !== undefined) return changeCampaign(operator, verb, campaign, flags, words);
      if (batch !== undefined) return changeBatch(operator, verb, batch, flags, words);
      return changeInvitation(operator, verb, code ?? '', flags, words);
    });
  });
}

async function changeInvitation(operator: Operator, verb: string, wanted: string, flags: StopFlags, words: Words): Promise<void> {
  const { id, code } = await findInvitation(wanted, operator);
  const values = { code: printable(code) };
  await confirmed(operator.say(words.question, values), flags, operator);
  const { body } = await operator.client.request({ method: 'POST', path: `/admin/invitations/${id}/${verb}` }, invitationAnswer);
  printResult(operator, flags.json, body, [operator.say(words.done, values)]);
}

async function changeCampaign(operator: Operator, verb: string, campaign: string, flags: StopFlags, words: Words): Promise<void> {
  const path = `/admin/campaigns/${encodeURIComponent(campaign)}`;
  const values = { campaign: printable(campaign) };
  if (!flags.yes) {
    // Counts every invitation of the campaign, so it is done only for the question.
    const { total, usable } = (await operator.client.request({ method: 'GET', path }, campaignAnswer)).body.invitations;
    await confirmed(operator.say(words.questionOfCampaign, { ...values, total, usable }), flags, operator);
  }
  const { body } = await operator.client.request({ method: 'POST', path: `${path}/${verb}` }, campaignChanged);
  printResult(operator, flags.json, body, [operator.say(words.doneWithCampaign, values)]);
}

async function changeBatch(operator: Operator, verb: string, batch: string, flags: StopFlags, words: Words): Promise<void> {
  const values = { batch: printable(batch) };
  await confirmed(operator.say(words.questionOfBatch, values), flags, operator);
  const { body } = await operator.client.request(
    { method: 'POST', path: `/admin/invitations/${verb}`, body: { batch } },
    invitationsChanged,
  );
  const { found, changed } = body;
  printResult(operator, flags.json, body, [operator.say(words.doneWithBatch, { ...values, found, changed })]);
}
