import { type Command, Option } from 'commander';
import type { Sentence } from '../../problems.ts';
import { type InvitationListAnswer, invitationList } from '../answers.ts';
import { foreignAnswer } from '../api-client.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { printResult } from '../output.ts';
import { printableJson } from '../printable.ts';
import { wholeNumber } from '../whole-number.ts';
import { writeOut } from '../write-out.ts';
import { addFilterOptions, type FilterFlags, filterQuery } from './filters.ts';
import { invitationLines } from './show-invitations.ts';

interface ListFlags extends OperatorFlags, FilterFlags {
  readonly limit?: number;
  readonly cursor?: string;
  readonly all?: true;
}

const sentences = {
  none: { ko: '해당하는 초대가 없습니다.', en: 'No such invitations.' },
  total: { ko: '초대 {total}', en: 'Invitations: {total}' },
  exactly: { ko: '{value}개', en: '{value}' },
  atLeast: { ko: '{value}개 이상', en: '{value} or more' },
  more: {
    ko: '초대 {total} 중 {count}개입니다. 이어서 보려면 같은 명령에 --cursor {next}을(를), 모두 보려면 --all을 붙이세요.',
    en: 'Invitations: {total}, of which {count} are shown. For the next ones add --cursor {next}, for all of them --all.',
  },
} satisfies Record<string, Sentence>;

/** Of each invitation that was used: the newest. */
const peopleShown = 3;
const pageOfAll = 500;
const answersForOnePage = 20;
/** In a row: each has looked at 5,000 invitations, and there are no billions. */
const mostEmptyPages = 100_000;

/** `chodae invite list` */
export function addInviteList(invite: Command, context: CommandContext): void {
  const command = invite
    .command('list')
    .description('list invitations, the newest first, with who used them')
    .option('--limit <number>', 'how many (default: 50)', wholeNumber(1, 500))
    .option('--cursor <cursor>', 'go on where another list has ended')
    .addOption(new Option('--all', 'every one; with --json a JSON object a line').conflicts(['limit', 'cursor']));
  addFilterOptions(command);
  addOperatorOptions(command).action((flags: ListFlags) =>
    asOperator(context, flags, (operator) => (flags.all ? listAll(operator, flags) : listPage(operator, flags))),
  );
}

async function listPage(operator: Operator, flags: ListFlags): Promise<void> {
  const page = await readFullPage(operator, flags, flags.limit ?? 50);
  const { items, next, total } = page;
  if (flags.json) return printResult(operator, true, { items, next, total }, []);
  if (items.length > 0) printResult(operator, false, {}, invitationLines(items, operator, operator.stdout));
  sayWhatIsLeft(operator, { count: items.length, next, total });
}

/** The service looks at a limited number of rows for each answer, so several may be needed for what one person calls a page. */
async function readFullPage(operator: Operator, flags: ListFlags, limit: number): Promise<InvitationListAnswer> {
  let page = await readPage(operator, flags, { limit, cursor: flags.cursor });
  for (let asked = 1; page.next !== null && page.items.length < limit && asked < answersForOnePage; asked += 1) {
    const { items, next } = await readPage(operator, flags, { limit: limit - page.items.length, cursor: page.next, total: 'none' });
    page = { items: [...page.items, ...items], next, total: page.total };
  }
  return page;
}

/** On a terminal that is the last line; elsewhere stdout has nothing but the table. */
function sayWhatIsLeft(
  { say, stdout, stderr }: Operator,
  { count, next, total }: { count: number } & Pick<InvitationListAnswer, 'next' | 'total'>,
): void {
  const isTerminal = stdout.isTTY;
  const output = isTerminal ? stdout : stderr;
  if (next !== null) output.write(`${say(sentences.more, { count, total: totalText(total, say), next })}\n`);
  else if (count === 0) output.write(`${say(sentences.none)}\n`);
  else if (isTerminal) output.write(`${say(sentences.total, { total: totalText(total, say) })}\n`);
}

function totalText(total: InvitationListAnswer['total'], say: Operator['say']): string {
  return say(total?.relation === 'at_least' ? sentences.atLeast : sentences.exactly, { value: total?.value ?? 0 });
}

async function listAll(operator: Operator, flags: ListFlags): Promise<void> {
  let cursor: string | undefined;
  let count = 0;
  let emptyPages = 0;
  do {
    const { items, next } = await readPage(operator, flags, { limit: pageOfAll, cursor, total: 'none' });
    const lines = flags.json ? items.map((item) => printableJson(item)) : invitationLines(items, operator, operator.stdout);
    // The titles stand over every page on a terminal, and once elsewhere.
    const from = count > 0 && !flags.json && !operator.stdout.isTTY ? 1 : 0;
    if (items.length > 0 && !(await writeOut(operator.stdout, `${lines.slice(from).join('\n')}\n`))) return;
    count += items.length;
    // A page may be empty although there is another one, where few invitations match; a list never stays where it is.
    emptyPages = items.length > 0 ? 0 : emptyPages + 1;
    if (next !== null && (next === cursor || emptyPages > mostEmptyPages)) throw foreignAnswer(200, operator.language);
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  if (flags.json) return;
  sayWhatIsLeft(operator, { count, next: null, total: { value: count, relation: 'exact' } });
}

async function readPage(
  { client }: Operator,
  flags: ListFlags,
  page: Readonly<Record<string, string | number | undefined>>,
): Promise<InvitationListAnswer> {
  const { body } = await client.request(
    {
      method: 'GET',
      path: '/admin/invitations',
      query: { ...filterQuery(flags), people: peopleShown, ...page },
    },
    invitationList,
  );
  return body;
}
