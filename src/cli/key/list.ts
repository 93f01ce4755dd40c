import type { Command } from 'commander';
import type { Sentence } from '../../problems.ts';
import { type AnsweredKey, keyList } from '../answers.ts';
import { foreignAnswer } from '../api-client.ts';
import { addOperatorOptions, asOperator, type Operator, type OperatorFlags } from '../as-operator.ts';
import type { CommandContext } from '../context.ts';
import { showMoment } from '../local-moment.ts';
import { printResult } from '../output.ts';
import { tableLines } from '../table.ts';

/** A service with more of them is none of ours. */
const mostKeys = 100_000;

const titles = {
  id: { ko: '번호', en: 'ID' },
  label: { ko: '이름', en: 'LABEL' },
  role: { ko: '권한', en: 'ROLE' },
  state: { ko: '상태', en: 'STATE' },
  key: { ko: '키', en: 'KEY' },
  created: { ko: '만든 때', en: 'CREATED' },
  used: { ko: '마지막 사용', en: 'LAST USED' },
  expires: { ko: '만료', en: 'EXPIRES' },
} satisfies Record<string, Sentence>;

const sentences = {
  none: { ko: '운영자 키가 없습니다.', en: 'There are no operator keys.' },
  good: { ko: '사용 가능', en: 'usable' },
  expired: { ko: '만료됨', en: 'expired' },
  revoked: { ko: '취소됨', en: 'revoked' },
} satisfies Record<string, Sentence>;

const colours = { good: 'green', expired: 'yellow', revoked: 'red' } as const;

/** `chodae key list` */
export function addKeyList(key: Command, context: CommandContext): void {
  const command = key.command('list').description('list operator keys: whose, what they may do, when they were used');
  addOperatorOptions(command).action((flags: OperatorFlags) => asOperator(context, flags, (operator) => listKeys(operator, flags)));
}

async function listKeys(operator: Operator, { json }: OperatorFlags): Promise<void> {
  const items = await readKeys(operator);
  const { say } = operator;
  if (items.length === 0) return printResult(operator, json, { items }, [say(sentences.none)]);
  const states = items.map(stateOf);
  const names = ['id', 'label', 'role', 'state', 'key', 'created', 'used', 'expires'] as const;
  const columns = names.map((name) => ({
    title: say(titles[name]),
    ...(name === 'id' && { align: 'right' as const }),
    ...(name === 'state' && { colour: (row: number) => colours[states[row] ?? 'good'] }),
    ...(name === 'label' && { shrinks: true as const }),
  }));
  const row = (key: AnsweredKey) => [
    String(key.id),
    key.label,
    key.role,
    say(sentences[stateOf(key)]),
    key.hint,
    showMoment(key.created_at, operator.timeZone),
    showMoment(key.last_used_at, operator.timeZone),
    showMoment(key.expires_at, operator.timeZone),
  ];
  printResult(operator, json, { items }, tableLines(columns, items.map(row), operator.stdout));
}

/** Every key: there are as many as colleagues and programs. */
async function readKeys({ client, language }: Operator): Promise<AnsweredKey[]> {
  const keys: AnsweredKey[] = [];
  let cursor: string | undefined;
  do {
    const { body, status } = await client.request({ method: 'GET', path: '/admin/keys', query: { limit: 500, cursor } }, keyList);
    keys.push(...body.items);
    cursor = body.next ?? undefined;
    // A list that does not end, or does not go on.
    if (cursor !== undefined && (body.items.length === 0 || keys.length > mostKeys)) throw foreignAnswer(status, language);
  } while (cursor !== undefined);
  return keys;
}

function stateOf({ revoked_at, expires_at }: AnsweredKey): 'good' | 'expired' | 'revoked' {
  if (revoked_at !== null) return 'revoked';
  return expires_at !== null && Date.parse(expires_at) <= Date.now() ? 'expired' : 'good';
}
