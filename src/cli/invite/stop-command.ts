import { type Command, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { campaignAnswer, campaignChanged, invitationAnswer } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import { assertCanConfirm, confirmed } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { translate } from '../messages.ts';
import { printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { findInvitation } from './find-invitation.ts';

/** What the two commands say; the placeholders are `{code}`, `{campaign}`, and the numbers `{total}` and `{usable}`. */
interface Words {
  readonly description: string;
  readonly question: Sentence;
  readonly questionOfCampaign: Sentence;
  readonly done: Sentence;
  readonly doneWithCampaign: Sentence;
}

interface StopFlags extends OperatorFlags {
  readonly campaign?: string;
  readonly yes?: true;
}

const oneOfBoth = {
  ko: '코드 하나나 --campaign 중 하나를 지정하세요.',
  en: 'Name either a code or --campaign.',
};

/** Adds `revoke` or `restore`: the same for opposite ends. */
export function addStopCommand(invite: Command, context: CommandContext, verb: 'revoke' | 'restore', words: Words): void {
  const command = invite
    .command(verb)
    .description(words.description)
    .argument('[code]', 'its code, or its id')
    .addOption(new Option('--campaign <name>', 'all invitations of a campaign, at once'))
    .option('--yes', 'do not ask');
  addOperatorOptions(command).action(async (code: string | undefined, flags: StopFlags) => {
    const { campaign } = flags;
    assertCanConfirm(flags, context);
    if (campaign !== undefined && code === undefined) {
      return asOperator(context, flags, (operator) => changeCampaign(operator, verb, campaign, flags, words));
    }
    if (campaign !== undefined || code === undefined) throw new UsageError(translate({ sentence: oneOfBoth }, context.language));
    return asOperator(context, flags, (operator) => changeInvitation(operator, verb, code, flags, words));
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
