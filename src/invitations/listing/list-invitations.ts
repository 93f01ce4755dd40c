import { type Queryable, until } from '../../database/database.ts';
import { type Deadline, startDeadline } from '../../deadline.ts';
import { longWorkWait } from '../../overload/long-work.ts';
import { countAll, countUpTo, readPage, type Total } from '../../paging/keyset-page.ts';
import { exactCountLimit, requestLimit } from '../../time-limits.ts';
import type { InvitationServices } from '../dependencies.ts';
import type { InvitationRow } from '../invitation-row.ts';
import { invitations, keyIn, orderOf } from './invitation-list.ts';
import type { ListFilters } from './list-filters.ts';
import { searchText } from './text-search.ts';

/** What `total=capped` counts to. */
const countedAtMost = 500;

export interface InvitationPage {
  readonly rows: readonly InvitationRow[];
  /** The cursor of the next page; null: this is the last one. */
  readonly next: string | null;
  readonly total: Total | null;
}

interface PageWanted {
  readonly limit: number;
  readonly cursor: string | undefined;
  readonly total: 'none' | 'capped' | 'exact';
  readonly deadline: Deadline;
}

/**
 * Reads one page in the order of `orderOf`, and counts.
 * @throws Problem `validation_failed` on the cursor, or on filters that take too long; `count_busy`; `database_unavailable` where an exact count takes too long.
 */
export async function listInvitations(
  services: Pick<InvitationServices, 'database' | 'longWork'>,
  filters: ListFilters,
  { limit, cursor, total, deadline }: PageWanted,
): Promise<InvitationPage> {
  const database = until(deadline, services.database);
  const after = keyIn(cursor, filters);
  const searched = await searchText(database, filters);
  const { rows, next } = await readPage(database, invitations, searched, orderOf(filters), { after, limit });
  if (total === 'none') return { rows, next, total: null };
  if (after === undefined && next === null) return { rows, next, total: { value: rows.length, relation: 'exact' } };
  if (total === 'capped') {
    // With a deadline of its own, so that the server ends it and the page is answered without a total.
    const counting = until(startDeadline(requestLimit, deadline.gone), services.database);
    return { rows, next, total: await countUpTo(counting, invitations, searched, countedAtMost, rows.length) };
  }
  return { rows, next, total: { value: await countExactly(services, searched, deadline.gone), relation: 'exact' } };
}

async function countExactly(
  { database, longWork }: Pick<InvitationServices, 'database' | 'longWork'>,
  filters: ListFilters,
  signal: AbortSignal,
): Promise<number> {
  using _turn = await longWork.take(longWorkWait(signal));
  const count = (transaction: Queryable) => countAll(transaction, invitations, filters);
  return database.transaction(count, startDeadline(exactCountLimit, signal));
}
