import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { acceptDuration } from '../../rules/validity.ts';
import { type AnsweredInvitation, invitationAnswer, invitationsChanged } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import { assertCanConfirm, confirmed } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { CommandError, UsageError } from '../exit-codes.ts';
import { readMoment, showMomentAndZone } from '../local-moment.ts';
import { translate } from '../messages.ts';
import { printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { wholeNumber } from '../whole-number.ts';
import { findInvitation } from './find-invitation.ts';

interface ChangeFlags extends OperatorFlags {
  readonly campaign?: string;
  readonly batch?: string;
  readonly extend?: string;
  readonly expires?: string | null;
  readonly validFor?: string;
  readonly starts?: string;
  readonly maxUses?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

const sentences = {
  which: {
    ko: '코드 하나, --campaign, --batch 중 하나를 지정하세요.',
    en: 'Name one of these: a code, --campaign or --batch.',
  },
  nothing: {
    ko: '무엇을 바꿀지 지정하세요: --extend, --expires, --valid-for, --starts, --max-uses.',
    en: 'Say what to change: --extend, --expires, --valid-for, --starts or --max-uses.',
  },
  endless: { ko: '초대 {code}에는 끝이 없어 늘릴 수 없습니다.', en: 'The invitation {code} has no end to move.' },
  question: { ko: '초대 {found}개 중 {changed}개를 바꿀까요?', en: 'Change {changed} of {found} invitations?' },
  changed: { ko: '초대 {found}개 중 {changed}개를 바꿨습니다.', en: '{changed} of {found} invitations are changed.' },
  tried: {
    ko: '초대 {found}개 중 {changed}개가 바뀝니다. 아직 아무것도 바꾸지 않았습니다.',
    en: '{changed} of {found} invitations would be changed. Nothing was changed yet.',
  },
  one: { ko: '초대 {code}을(를) 바꿨습니다.', en: 'The invitation {code} is changed.' },
  oneUntil: {
    ko: '초대 {code}을(를) 바꿨습니다. {until}까지 쓸 수 있습니다.',
    en: 'The invitation {code} is changed, good until {until}.',
  },
} satisfies Record<string, Sentence>;

/** `chodae invite change [code]` */
export function addInviteChange(invite: Command, context: CommandContext): void {
  const command = invite
    .command('change')
    .description('change an invitation, or all of a campaign or batch at once: all of them, or none')
    .argument('[code]', 'its code, or its id')
    .option('--campaign <name>', 'all invitations of a campaign')
    .option('--batch <batch>', 'all that one bulk request or import made')
    .addOption(
      new Option('--extend <duration>', 'move the end by this: 7d, or -7d, which undoes it')
        .argParser(readShift)
        .conflicts(['expires', 'validFor']),
    )
    .addOption(
      new Option('--expires <time>', 'the new end; a day belongs to it; never: none')
        .argParser((text) => (text === 'never' ? null : readMoment(text)))
        .conflicts('validFor'),
    )
    .option('--valid-for <duration>', 'how long, from --starts or from now: 30m, 12h, 7d')
    .option('--starts <time>', 'the new beginning', readMoment)
    .option('--max-uses <number>', 'the new number of seats', wholeNumber(1, 1_000_000))
    .option('--dry-run', 'only say how many would change')
    .option('--yes', 'do not ask');
  addOperatorOptions(command).action(async (code: string | undefined, flags: ChangeFlags) => {
    const { campaign, batch } = flags;
    const fail = (sentence: Sentence) => new UsageError(translate({ sentence }, context.language));
    if ([code, campaign, batch].filter((one) => one !== undefined).length !== 1) throw fail(sentences.which);
    if (Object.values(changeOf(flags)).every((value) => value === undefined) && flags.extend === undefined) throw fail(sentences.nothing);
    if (code !== undefined) return asOperator(context, flags, (operator) => changeOne(operator, code, flags));
    if (!flags.dryRun) assertCanConfirm(flags, context);
    return asOperator(context, flags, (operator) => changeMany(operator, flags));
  });
}

/** @returns the members that say the same to the service; undefined ones are not sent. */
function changeOf({ expires, validFor, starts, maxUses }: ChangeFlags): Record<string, string | number | null | undefined> {
  return { max_uses: maxUses, starts_at: starts, expires_at: expires, valid_for: validFor };
}

async function changeOne(operator: Operator, wanted: string, flags: ChangeFlags): Promise<void> {
  const { client, say, timeZone } = operator;
  const before = await findInvitation(wanted, operator);
  const code = printable(before.code);
  const body = { ...changeOf(flags), ...(flags.extend !== undefined && { expires_at: shifted(before, flags.extend, say) }) };
  if (flags.dryRun)
    return printResult(operator, flags.json, { dry_run: true, found: 1, changed: 1 }, [say(sentences.tried, { found: 1, changed: 1 })]);
  // The version that was just read, so that the change of a colleague is not overwritten.
  const headers = { 'if-match': /^[0-9a-f]{1,64}$/.test(before.version ?? '') ? `"${before.version}"` : '*' };
  const after = (await client.request({ method: 'PATCH', path: `/admin/invitations/${before.id}`, body, headers }, invitationAnswer)).body;
  const until = showMomentAndZone(after.expires_at, timeZone);
  printResult(operator, flags.json, after, [until === '' ? say(sentences.one, { code }) : say(sentences.oneUntil, { code, until })]);
}

function shifted({ code, expires_at }: AnsweredInvitation, extend: string, say: Operator['say']): string {
  if (expires_at === null) throw new CommandError(say(sentences.endless, { code: printable(code) }));
  const duration = acceptDuration('extend', extend.replace(/^-/, ''));
  const seconds = duration.ok ? duration.value : 0;
  return new Date(Date.parse(expires_at) + (extend.startsWith('-') ? -seconds : seconds) * 1000).toISOString();
}

async function changeMany(operator: Operator, flags: ChangeFlags): Promise<void> {
  const { client, say } = operator;
  const { campaign, batch, extend } = flags;
  const ask = async (dry_run: boolean) =>
    (
      await client.request(
        { method: 'POST', path: '/admin/invitations/change', body: { campaign, batch, extend, ...changeOf(flags), dry_run } },
        invitationsChanged,
      )
    ).body;
  if (!flags.dryRun && !flags.yes) {
    const { found, changed } = await ask(true);
    await confirmed(say(sentences.question, { found, changed }), flags, operator);
  }
  const body = await ask(flags.dryRun === true);
  const { found, changed } = body;
  printResult(operator, flags.json, body, [say(flags.dryRun ? sentences.tried : sentences.changed, { found, changed })]);
}

function readShift(text: string): string {
  if (!acceptDuration('extend', text.replace(/^-/, '')).ok) throw new InvalidArgumentError('Write a number and a unit, like 7d or -7d.');
  return text;
}
