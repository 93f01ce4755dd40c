import type { Sentence } from '../../errors.ts';
import type { Operator } from '../as-operator.ts';
import { Refusal } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import type { ListedInvitation } from './show-invitations.ts';

const sentences = {
  unknown: {
    ko: '코드나 번호가 {wanted}인 초대가 없습니다.',
    en: 'There is no invitation with the code or the id {wanted}.',
  },
} satisfies Record<string, Sentence>;

/**
 * Finds the one invitation that somebody means: by its code as it is, else by its code as people spell it, else by its id.
 * @throws Refusal where there is none.
 */
export async function findInvitation(wanted: string, { client, say }: Operator): Promise<ListedInvitation> {
  const { items } = (
    await client.request<{ items: ListedInvitation[] }>({
      method: 'GET',
      path: '/admin/invitations',
      query: { code: wanted, total: 'none' },
    })
  ).body;
  const found = items.find((item) => item.code === wanted) ?? items[0];
  if (found) return found;
  const unknown = new Refusal(say(sentences.unknown, { wanted: printable(wanted) }));
  if (!/^[1-9]\d{0,9}$/.test(wanted)) throw unknown;
  try {
    return (await client.request<ListedInvitation>({ method: 'GET', path: `/admin/invitations/${wanted}` })).body;
  } catch (error) {
    if (error instanceof Refusal && (error.problem?.status === 404 || error.problem?.status === 422)) throw unknown;
    throw error;
  }
}
