import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { type AnsweredInvitation, invitationsMade } from '../answers.ts';
import type { ApiRequest } from '../api-client.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { readMoment, showMomentAndZone } from '../local-moment.ts';
import { translate } from '../messages.ts';
import { wholeNumber } from '../whole-number.ts';
import { openCodeOutput } from './code-output.ts';
import { createMany } from './create-many.ts';

export interface CreateFlags extends OperatorFlags {
  readonly count: number;
  readonly prefix?: string;
  readonly length?: number;
  readonly maxUses?: number;
  readonly starts?: string;
  readonly expires?: string;
  readonly validFor?: string;
  readonly campaign?: string;
  readonly note?: string;
  readonly phone?: string;
  readonly output?: string;
  readonly format?: 'csv' | 'ndjson';
}

const sentences = {
  created: { ko: '초대 {count}개를 만들었습니다.', en: 'Invitations created: {count}.' },
  createdUntil: {
    ko: '초대 {count}개를 만들었습니다. {until}까지 쓸 수 있습니다.',
    en: 'Invitations created: {count}, good until {until}.',
  },
  oneCode: {
    ko: '코드를 직접 정하면 초대는 하나입니다. --count를 빼세요.',
    en: 'A code of your own makes one invitation: leave out --count.',
  },
  onePhone: {
    ko: '휴대폰 번호를 지정한 초대는 한 번에 1,000개까지 만들 수 있습니다.',
    en: 'Invitations for a phone number can be made 1,000 at a time.',
  },
} satisfies Record<string, Sentence>;

/** From here on invitations are made as a stream. */
const mostAtOnce = 1_000;
const day = 'a day like 2030-01-31, a time like "2030-01-31 18:00", or one with its offset';

/** `chodae invite create [code]` */
export function addInviteCreate(invite: Command, context: CommandContext): void {
  const command = invite
    .command('create')
    .description('make one invitation, or many, and print the codes')
    .argument('[code]', 'a code of your own (default: a generated one)')
    .option('--count <number>', 'how many, up to 1,000,000', wholeNumber(1, 1_000_000), 1)
    .option('--prefix <text>', 'what generated codes begin with')
    .option('--length <number>', 'characters of a generated code after the prefix (default: 15)', wholeNumber(1, 1_000))
    .option('--max-uses <number>', 'how many people each lets in (default: 1)', wholeNumber(1, 1_000_000))
    .option('--starts <time>', `from when on: ${day} (default: at once)`, readMoment)
    .addOption(
      new Option('--expires <time>', 'until when; a day belongs to it (default: for ever)').argParser(readMoment).conflicts('validFor'),
    )
    .option('--valid-for <duration>', 'how long, from --starts or from now: 30m, 12h, 7d')
    .option('--campaign <name>', 'a campaign, to list, count and revoke by')
    .option('--note <text>', 'seen by operators only')
    .option('--phone <number>', 'only this number can sign up')
    .option('--output <file>', 'write the codes to a new file, as CSV or (named .ndjson) JSON lines; - is stdout')
    .addOption(new Option('--format <format>', 'of --output').choices(['csv', 'ndjson']));
  addOperatorOptions(command).action(async (code: string | undefined, flags: CreateFlags) => {
    refuseMistakes(code, flags, context);
    await asOperator(context, flags, (operator) =>
      flags.count > mostAtOnce ? createMany(operator, flags, bodyOf(flags)) : createFew(operator, code, flags),
    );
  });
}

function refuseMistakes(code: string | undefined, { count, phone }: CreateFlags, { language }: CommandContext): void {
  if (code !== undefined && count > 1) throw new UsageError(translate({ sentence: sentences.oneCode }, language));
  if (phone !== undefined && count > mostAtOnce) throw new UsageError(translate({ sentence: sentences.onePhone }, language));
}

/** @returns the body of the request; members that are undefined are not sent. */
function bodyOf(flags: CreateFlags): Readonly<Record<string, unknown>> {
  const { count, prefix, length, campaign, note, phone } = flags;
  return {
    count,
    prefix,
    length,
    max_uses: flags.maxUses,
    starts_at: flags.starts,
    expires_at: flags.expires,
    valid_for: flags.validFor,
    campaign,
    note,
    phone,
  };
}

async function createFew(operator: Operator, code: string | undefined, flags: CreateFlags): Promise<void> {
  const output = await openCodeOutput(flags, operator);
  try {
    const body = code === undefined ? bodyOf(flags) : { ...bodyOf(flags), count: undefined, code };
    const request: ApiRequest = { method: 'POST', path: '/admin/invitations', body, headers: { 'idempotency-key': randomUUID() } };
    const { invitations } = (await operator.client.request(request, invitationsMade)).body;
    await output.add(invitations);
    await output.finish({ created: invitations.length, invitations }, summaryOf(invitations, operator));
  } finally {
    await output.discard();
  }
}

function summaryOf(invitations: readonly AnsweredInvitation[], { say, timeZone }: Operator): string {
  const count = invitations.length;
  const until = showMomentAndZone(invitations[0]?.expires_at ?? null, timeZone);
  return until === '' ? say(sentences.created, { count }) : say(sentences.createdUntil, { count, until });
}
