import type { Queryable } from '../../database/database.ts';
import { startDeadline } from '../../deadline.ts';
import { longWorkWait } from '../../long-work.ts';
import { exactCountLimit } from '../../time-limits.ts';
import type { InvitationServices } from '../dependencies.ts';
import type { ListFilters } from './list-filters.ts';
import { looksAt, sourcesAtMost, sourcesOf, thoroughLook } from './list-invitations.ts';
import { countMatching, countWindow } from './list-store.ts';
import { textMatchesAtMost } from './text-search.ts';

/** How many invitations there are; `at_least`: nobody counted further. */
export interface Total {
  readonly value: number;
  readonly relation: 'exact' | 'at_least';
}

/** Where a quick count ends. */
const countedAtMost = 500;

/** Matches of a text that are enough to say `at_least`: what is rare is worth a second look. */
const enoughOfText = 50;

/** Where each row costs a look at its sessions as well, fewer rows are counted. */
function rowsAtMost({ status, text }: ListFilters): number {
  if (status === 'free' || status === 'held') return 256;
  return text ? Number.POSITIVE_INFINITY : thoroughLook;
}

/** Counts what a look at the rows shows: to the end where that is near, and to 500 at most. */
export async function countQuickly(database: Queryable, filters: ListFilters): Promise<Total> {
  const sources = (await sourcesOf(database, filters, rowsAtMost(filters))).slice(0, sourcesAtMost);
  let most = 0;
  for (const rows of looksAt(sources, filters).map((look) => Math.min(look, rowsAtMost(filters)))) {
    for (const source of sources) {
      const { matching, seen } = await countWindow(database, source(rows), filters);
      const value = Math.min(matching, countedAtMost);
      const isWhole = seen < Math.min(source(rows).windowRows, filters.text ? textMatchesAtMost : Number.POSITIVE_INFINITY);
      if (isWhole && matching <= countedAtMost) return { value, relation: 'exact' };
      most = Math.max(most, value);
      if (most === countedAtMost || (filters.text && most >= enoughOfText)) return { value: most, relation: 'at_least' };
    }
  }
  return { value: most, relation: 'at_least' };
}

/** Counts everything. @param signal ends it. @throws Problem `count_busy`, and `database_unavailable` where it takes too long. */
export async function countExactly(
  { database, longWork }: Pick<InvitationServices, 'database' | 'longWork'>,
  filters: ListFilters,
  signal: AbortSignal,
): Promise<Total> {
  using _turn = await longWork.take(longWorkWait(signal));
  const count = (transaction: Queryable) => countMatching(transaction, filters);
  return { value: await database.transaction(count, startDeadline(exactCountLimit, signal)), relation: 'exact' };
}
