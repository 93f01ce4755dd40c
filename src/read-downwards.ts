/** Ids that one look at a table covers, and looks that one page takes at most: a page costs no more than a million rows, whatever is asked for. */
const idsPerLook = 100_000;
const looksPerPage = 10;

/** The ids that can match, both included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
  /** True where an index answers what is asked for: then one look is enough. */
  readonly isIndexed?: boolean;
}

export interface DownwardPage<Row> {
  readonly rows: readonly Row[];
  /** What to give as `before` for the page after it; null: there is none. */
  readonly before: number | null;
}

/**
 * Reads one page of a list whose newest id comes first and whose conditions no index answers together: look by look, downwards, so that every
 * page costs something bounded. It may hold fewer rows than the limit, or none, although there is a page after it.
 * @param range undefined: nothing can match.
 * @param look gives the newest matching rows whose ids are at least `from` and below `below`, `limit` of them at most.
 */
export async function readDownwards<Row extends { readonly id: number }>(
  range: IdRange | undefined,
  before: number | undefined,
  limit: number,
  look: (from: number, below: number, limit: number) => Promise<readonly Row[]>,
): Promise<DownwardPage<Row>> {
  const rows: Row[] = [];
  const left = await lookDownwards(range, before, async (from, below) => {
    rows.push(...(await look(from, below, limit + 1 - rows.length)));
    return rows.length > limit;
  });
  if (rows.length <= limit) return { rows, before: left };
  return { rows: rows.slice(0, limit), before: rows[limit - 1]?.id ?? null };
}

/** How many items a list has, as far as somebody looked. */
export interface Total {
  readonly value: number;
  readonly relation: 'exact' | 'at_least';
}

/** What `total=capped` counts to. */
const cap = 1_000;

/** Counts what `readDownwards` reads, to 1,000 and in as many looks as one page takes. */
export async function countDownwards(
  range: IdRange | undefined,
  look: (from: number, below: number, limit: number) => Promise<number>,
): Promise<Total> {
  let value = 0;
  const left = await lookDownwards(range, undefined, async (from, below) => {
    value += await look(from, below, cap + 1 - value);
    return value > cap;
  });
  return { value: Math.min(value, cap), relation: value > cap || left !== null ? 'at_least' : 'exact' };
}

/** @param look gives whether it has seen enough. @returns below which id nobody has looked; null: all was seen, or enough. */
async function lookDownwards(
  range: IdRange | undefined,
  before: number | undefined,
  look: (from: number, below: number) => Promise<boolean>,
): Promise<number | null> {
  if (!range) return null;
  let below = Math.min(before ?? Number.POSITIVE_INFINITY, range.last + 1);
  for (let looks = 0; looks < looksPerPage && below > range.first; looks += 1) {
    const from = range.isIndexed ? range.first : Math.max(range.first, below - idsPerLook);
    if (await look(from, below)) return null;
    below = from;
  }
  return below > range.first ? below : null;
}
