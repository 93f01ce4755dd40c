/**
 * @param name as a person or a program wrote it.
 * @param known the names that exist.
 * @returns the known name that was most likely meant: equal but for case and `_-. `, the beginning or the end of one another, or the one with the
 *   fewest edits, at most a third of its letters. undefined: none is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined;
  const sought = folded(name);
  if (sought.length < 2) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, rank: rankOf(sought, folded(candidate)) }))
    .filter(({ rank }) => Number.isFinite(rank))
    .sort((left, right) => left.rank - right.rank);
  return ranked[0]?.candidate;
}

function folded(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** 0: equal; up to 1: near; infinite: another word. */
function rankOf(sought: string, candidate: string): number {
  if (sought === candidate) return 0;
  const longest = Math.max(sought.length, candidate.length);
  const share = editDistance(sought, candidate) / longest;
  if (share <= 1 / 3) return share;
  const [short, long] = sought.length < candidate.length ? [sought, candidate] : [candidate, sought];
  return short.length >= 4 && (long.startsWith(short) || long.endsWith(short)) ? 0.4 + share / 2 : Number.POSITIVE_INFINITY;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
export function editDistance(left: string, right: string): number {
  let [before, above]: [number[], number[]] = [[], Array.from({ length: right.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let least = Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        least = Math.min(least, (before[column - 2] ?? 0) + 1);
      }
      current.push(least);
    }
    [before, above] = [above, current];
  }
  return above[right.length] ?? 0;
}
