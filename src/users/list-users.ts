import type { Actor } from '../audit.ts';
import { startDeadline } from '../deadline.ts';
import { longWorkWait } from '../long-work.ts';
import type { Total } from '../read-downwards.ts';
import { pageCountLimit } from '../time-limits.ts';
import type { UserServices } from './dependencies.ts';
import { type ShownUser, showUsers } from './shown-user.ts';
import { auditedFilter, type UsersAsked, userFilter } from './user-filter.ts';
import { countAllUsers, countSomeUsers, idsOfUsers, readUsers, type UserFilter } from './user-store.ts';

/** How to count the whole list: not at all, up to 1,000, or completely. */
export type CountWanted = 'none' | 'capped' | 'exact';

export interface UserPage {
  readonly users: readonly ShownUser[];
  /** The `before` of the next page. Null: this is the last page. */
  readonly before: number | null;
  readonly total: Total | null;
}

/**
 * One page of users, newest first. Showing phone numbers in full writes an audit entry.
 * @param inFull false: phone numbers are masked.
 * @throws Problem `validation_failed`, `count_busy`.
 */
export async function listUsers(
  services: UserServices,
  actor: Actor,
  inFull: boolean,
  asked: UsersAsked,
  page: { readonly limit: number; readonly before: number | undefined; readonly total: CountWanted; readonly signal: AbortSignal },
): Promise<UserPage> {
  const { database, audit } = services;
  const filter = userFilter(asked, inFull, services.phoneRegion);
  const range = await idsOfUsers(database, filter);
  const { rows, before } = await readUsers(database, filter, range, page.before, page.limit);
  const total = await count(services, filter, range, page);
  const after = { ...auditedFilter(asked), count: rows.length };
  // A count alone reveals whether a phone number is registered.
  const isFound = filter.phone !== undefined && (total?.value ?? 0) > 0;
  if (inFull && (rows.length > 0 || isFound)) await audit(database, actor, { action: 'user.list', subject: 'user', after });
  return { users: await showUsers(services, rows, inFull), before, total };
}

async function count(
  { database, longWork }: UserServices,
  filter: UserFilter,
  range: Awaited<ReturnType<typeof idsOfUsers>>,
  { total: wanted, signal }: { readonly total: CountWanted; readonly signal: AbortSignal },
): Promise<Total | null> {
  if (wanted === 'none') return null;
  if (wanted === 'capped') return countSomeUsers(database, filter, range);
  using _turn = await longWork.take(longWorkWait(signal));
  const counting = (transaction: Parameters<typeof countAllUsers>[0]) => countAllUsers(transaction, filter, range);
  return { value: await database.transaction(counting, startDeadline(pageCountLimit, signal)), relation: 'exact' };
}
