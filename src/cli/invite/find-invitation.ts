import type { Sentence } from '../../problems.ts';
import { type AnsweredInvitation, invitationAnswer, invitationsFound } from '../answers.ts';
import type { Operator } from '../as-operator.ts';
import { CommandError } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { statusWords } from './show-invitations.ts';

const sentences = {
  unknown: {
    ko: '코드나 번호가 {wanted}인 초대가 없습니다.',
    en: 'There is no invitation with the code or the id {wanted}.',
  },
  several: {
    ko: '{wanted}은(는) 이 초대들 중 어느 것인지 알 수 없습니다. 코드를 그대로 적거나 번호를 적으세요.',
    en: '{wanted} may mean any of these: write the code exactly as it is, or the id.',
  },
} satisfies Record<string, Sentence>;

/**
 * Finds the one invitation that is meant: by its code as it is, else by its code as people spell it, else by its id.
 * @throws CommandError where there is none, and where it may mean several; that names them.
 */
export async function findInvitation(wanted: string, { client, say }: Operator): Promise<AnsweredInvitation> {
  const { items } = (
    await client.request({ method: 'GET', path: '/admin/invitations', query: { code: wanted, total: 'none' } }, invitationsFound)
  ).body;
  const found = items.find((item) => item.code === wanted) ?? items[0];
  if (found) return found;
  await refuseSeveral(wanted, { client, say });
  const unknown = new CommandError(say(sentences.unknown, { wanted: printable(wanted) }));
  if (!/^[1-9]\d{0,9}$/.test(wanted)) throw unknown;
  try {
    return (await client.request({ method: 'GET', path: `/admin/invitations/${wanted}` }, invitationAnswer)).body;
  } catch (error) {
    if (error instanceof CommandError && (error.problem?.status === 404 || error.problem?.status === 422)) throw unknown;
    throw error;
  }
}

/** Codes that people cannot tell apart are never made here, but SQL may have made some. */
async function refuseSeveral(wanted: string, { client, say }: Pick<Operator, 'client' | 'say'>): Promise<void> {
  const query = { code_like: wanted, total: 'none' };
  const { items } = (await client.request({ method: 'GET', path: '/admin/invitations', query }, invitationsFound)).body;
  if (items.length < 2) return;
  const line = ({ id, code, status }: AnsweredInvitation) => `  ${String(id).padStart(7)}  ${printable(code)}  ${say(statusWords[status])}`;
  throw new CommandError([say(sentences.several, { wanted: printable(wanted) }), ...items.map(line)].join('\n'));
}
