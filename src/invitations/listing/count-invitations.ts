import type { Database, Queryable } from '../../database/database.ts';
import type { ListFilters } from './list-filters.ts';
import { sourcesOf } from './list-invitations.ts';
import { countMatching, countWindow } from './list-store.ts';

/** How many invitations there are; `at_least`: nobody counted further. */
export interface Total {
  readonly value: number;
  readonly relation: 'exact' | 'at_least';
}

/** Where a quick count ends. */
const countedAtMost = 1_000;

/** Counts what one look at the rows shows: to the end where that is near, and to 1,000 at most. */
export async function countQuickly(database: Queryable, filters: ListFilters): Promise<Total> {
  let best: Total = { value: 0, relation: 'at_least' };
  for (const source of await sourcesOf(database, filters, { order: undefined, rows: 1_024 })) {
    const { matching, seen } = await countWindow(database, source, filters);
    const value = Math.min(matching, countedAtMost);
    if (seen < source.wholeBelow) return { value, relation: 'exact' };
    if (value === countedAtMost) return { value, relation: 'at_least' };
    if (value > best.value) best = { value, relation: 'at_least' };
  }
  return best;
}

/** Milliseconds that an exact count may take. */
const longestCount = 15_000;
/** Exact counts of this process that run or wait. */
const countsAtMost = 4;
let counting: Promise<unknown> = Promise.resolve();
let counts = 0;

/**
 * Counts everything, one request after another, so that counting never takes more than one connection.
 * @returns a quick count where too many others wait already. @throws Problem `database_unavailable` where it takes too long.
 */
export async function countExactly(database: Database, filters: ListFilters): Promise<Total> {
  if (counts >= countsAtMost) return countQuickly(database, filters);
  counts += 1;
  const count = () => database.transaction((transaction) => countMatching(transaction, filters), { statementMilliseconds: longestCount });
  const mine = counting.then(count, count);
  counting = mine.catch(() => undefined);
  try {
    return { value: await mine, relation: 'exact' };
  } finally {
    counts -= 1;
  }
}
