import type { Actor } from '../audit.ts';
import { until } from '../database/database.ts';
import { type Deadline, startDeadline, withAtLeast } from '../deadline.ts';
import { longWorkWait } from '../overload/long-work.ts';
import { countAll, countUpTo, readPage, type Total } from '../paging/keyset-page.ts';
import { leastAfterCount, pageCountLimit, requestLimit } from '../time-limits.ts';
import type { UserServices } from './dependencies.ts';
import { auditedFilter, type UsersAsked, userFilter } from './user-filter.ts';
import { searchUsers } from './user-search.ts';
import { type UserFilter, users, usersInOrder } from './user-store.ts';
import { type ShownUser, showUsers } from './user-view.ts';

/** How to count the whole list: not at all, up to 1,000, or completely. */
type CountWanted = 'none' | 'capped' | 'exact';

/** What `total=capped` counts to. */
const countedAtMost = 1_000;

export interface UserPage {
  readonly users: readonly ShownUser[];
  /** The cursor of the next page; null: this is the last one. */
  readonly next: string | null;
  readonly total: Total | null;
}

interface PageWanted {
  readonly limit: number;
  /** The key in the cursor. */
  readonly after: readonly [id: number] | undefined;
  readonly total: CountWanted;
  readonly deadline: Deadline;
}

/**
 * One page of users, the newest first. An operator who sees phone numbers in full leaves an entry in the audit log.
 * @param inFull false: phone numbers are masked.
 * @throws Problem `validation_failed`, `count_busy`.
 */
export async function listUsers(
  services: UserServices,
  actor: Actor,
  inFull: boolean,
  asked: UsersAsked,
  page: PageWanted,
): Promise<UserPage> {
  const { audit } = services;
  const database = until(page.deadline, services.database);
  const written = userFilter(asked, inFull, services);
  const filter = written.text ? { ...written, text: await searchUsers(database, written.text) } : written;
  const { rows, next } = await readPage(database, users, filter, usersInOrder, page);
  const isAll = page.after === undefined && next === null;
  const total =
    isAll && page.total !== 'none' ? { value: rows.length, relation: 'exact' as const } : await count(services, filter, rows.length, page);
  const rest = withAtLeast(leastAfterCount, page.deadline);
  const after = { ...auditedFilter(asked), count: rows.length };
  // A count tells whether a phone number that was searched for is there.
  const isFound = filter.text?.digits !== undefined && (total?.value ?? 0) > 0;
  if (inFull && (rows.length > 0 || isFound))
    await audit(until(rest, services.database), actor, { action: 'user.list', subject: 'user', after });
  return { users: await showUsers(services, rows, inFull, rest), next, total };
}

async function count(
  { database, longWork }: UserServices,
  filter: UserFilter,
  seen: number,
  { total: wanted, deadline }: PageWanted,
): Promise<Total | null> {
  if (wanted === 'none') return null;
  // With a deadline of its own, so that the server ends it and the page is answered without a total.
  if (wanted === 'capped')
    return countUpTo(until(startDeadline(requestLimit, deadline.gone), database), users, filter, countedAtMost, seen);
  using _turn = await longWork.take(longWorkWait(deadline.gone));
  const counting = (transaction: Parameters<typeof countAll>[0]) => countAll(transaction, users, filter);
  return { value: await database.transaction(counting, startDeadline(pageCountLimit, deadline.gone)), relation: 'exact' };
}
