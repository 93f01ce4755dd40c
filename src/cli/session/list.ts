import { type Command, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { type AnsweredSession, sessionList } from '../answers.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { findInvitation } from '../invite/find-invitation.ts';
import { showMoment } from '../local-moment.ts';
import { printResult } from '../output.ts';
import { tableLines } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';

interface SessionListFlags extends OperatorFlags {
  readonly invitation?: string;
  readonly campaign?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

interface SessionPage {
  readonly items: readonly AnsweredSession[];
  readonly next: string | null;
}

const titles = {
  attempt: { ko: '가입', en: 'ATTEMPT' },
  invitation: { ko: '초대 번호', en: 'INVITATION' },
  campaign: { ko: '캠페인', en: 'CAMPAIGN' },
  started: { ko: '시작', en: 'STARTED' },
  expires: { ko: '만료', en: 'EXPIRES' },
  steps: { ko: '끝낸 단계', en: 'STEPS DONE' },
} satisfies Record<string, Sentence>;

const sentences = {
  none: { ko: '진행 중인 가입이 없습니다.', en: 'No sign-ups are under way.' },
  more: {
    ko: '더 있습니다. 이어서 보려면 같은 명령에 --cursor {next}을(를) 붙이세요.',
    en: 'There are more. For the next ones add --cursor {next}.',
  },
} satisfies Record<string, Sentence>;

/** The service looks at a limited number of rows for each answer, so several may be needed for one page. */
const answersForOnePage = 20;

/** `chodae session list` */
export function addSessionList(session: Command, context: CommandContext): void {
  const command = session
    .command('list')
    .description('list sign-ups under way, the newest first, with how far each is')
    .addOption(new Option('--invitation <code>', 'on this invitation: its code, or its id'))
    .addOption(new Option('--campaign <name>', 'on invitations of this campaign'))
    .option('--limit <number>', 'how many (default: 50)', wholeNumber(1, 500))
    .option('--cursor <cursor>', 'go on where another list has ended');
  addOperatorOptions(command).action((flags: SessionListFlags) => asOperator(context, flags, (operator) => listSessions(operator, flags)));
}

async function listSessions(operator: Operator, flags: SessionListFlags): Promise<void> {
  const { say } = operator;
  const { items, next } = await readSessions(operator, flags, flags.limit ?? 50);
  if (flags.json) return printResult(operator, true, { items, next }, []);
  if (items.length > 0) printResult(operator, false, {}, sessionLines(items, operator));
  const note = next !== null ? say(sentences.more, { next }) : items.length === 0 ? say(sentences.none) : undefined;
  if (note !== undefined) (operator.stdout.isTTY ? operator.stdout : operator.stderr).write(`${note}\n`);
}

async function readSessions(operator: Operator, { invitation, campaign, cursor }: SessionListFlags, limit: number): Promise<SessionPage> {
  const invitation_id = invitation === undefined ? undefined : (await findInvitation(invitation, operator)).id;
  const items: AnsweredSession[] = [];
  let next = cursor ?? null;
  for (let asked = 0; asked === 0 || (next !== null && items.length < limit && asked < answersForOnePage); asked += 1) {
    const query = { invitation_id, campaign, limit: limit - items.length, cursor: next ?? undefined };
    const { body } = await operator.client.request({ method: 'GET', path: '/admin/sessions', query }, sessionList);
    items.push(...body.items);
    next = body.next;
  }
  return { items, next };
}

function sessionLines(items: readonly AnsweredSession[], { say, stdout, timeZone }: Operator): string[] {
  const columns = [
    { title: say(titles.attempt) },
    { title: say(titles.invitation), align: 'right' },
    { title: say(titles.campaign), shrinks: true },
    { title: say(titles.started) },
    { title: say(titles.expires) },
    { title: say(titles.steps) },
  ] as const;
  const row = ({ attempt, invitation_id, campaign, started_at, expires_at, completed_steps }: AnsweredSession) => [
    attempt,
    String(invitation_id),
    campaign ?? '',
    showMoment(started_at, timeZone),
    showMoment(expires_at, timeZone),
    completed_steps.join(', '),
  ];
  return tableLines(columns, items.map(row), stdout);
}
