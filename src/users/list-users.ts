import type { Actor } from '../audit.ts';
import { longWorkWait } from '../long-work.ts';
import type { Total } from '../read-downwards.ts';
import type { UserServices } from './dependencies.ts';
import { type ShownUser, showUsers } from './shown-user.ts';
import { auditedFilter, type UsersAsked, userFilter } from './user-filter.ts';
import { countAllUsers, countSomeUsers, idsOfUsers, readUsers, type UserFilter } from './user-store.ts';

/** How the whole list is counted: not at all, to 1,000, or all of it. */
export type CountWanted = 'none' | 'capped' | 'exact';

export interface UserPage {
  readonly users: readonly ShownUser[];
  /** What to give as `before` for the page after it; null: there is none. */
  readonly before: number | null;
  readonly total: Total | null;
}

/** Milliseconds that counting everything may take. */
const countingTime = 10_000;

/**
 * One page of users, the newest first. Whoever sees phone numbers in full leaves an entry in the audit log.
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
  // A count tells whether a phone number that was asked for is there.
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
  return { value: await database.transaction(counting, { statementMilliseconds: countingTime, signal }), relation: 'exact' };
}
