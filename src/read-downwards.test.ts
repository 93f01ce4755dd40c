import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeIdCursor, encodeIdCursor } from './paging.ts';
import { countDownwards, type IdRange, readDownwards } from './read-downwards.ts';

/** A table in which the row `n` matches where `ids` has it, and the looks that were taken at it. */
function table(ids: readonly number[]) {
  const looks: [from: number, below: number][] = [];
  const look = async (from: number, below: number, limit: number) => {
    looks.push([from, below]);
    return ids
      .filter((id) => id >= from && id < below)
      .sort((left, right) => right - left)
      .slice(0, limit)
      .map((id) => ({ id }));
  };
  return { look, looks };
}

async function allPages(ids: readonly number[], range: IdRange | undefined, limit: number) {
  const { look, looks } = table(ids);
  const pages: number[][] = [];
  let before: number | undefined;
  do {
    const page = await readDownwards(range, before, limit, look);
    pages.push(page.rows.map(({ id }) => id));
    before = decodeIdCursor(encodeIdCursor(page.before) ?? undefined);
  } while (before !== undefined);
  return { pages, looks };
}

test('a page that is read look by look has every row once, in order, and costs so many looks at most', async () => {
  assert.deepEqual((await allPages([], undefined, 3)).pages, [[]]);
  assert.deepEqual((await allPages([5], { first: 5, last: 5 }, 3)).pages, [[5]]);
  assert.deepEqual((await allPages([1, 2, 3, 4, 5], { first: 1, last: 5 }, 2)).pages, [[5, 4], [3, 2], [1]]);
  assert.deepEqual((await allPages([1, 2, 3, 4], { first: 1, last: 4 }, 2)).pages, [
    [4, 3],
    [2, 1],
  ]);
  const sparse = [1, 99_999, 100_000, 100_001, 250_000, 400_000];
  assert.deepEqual((await allPages(sparse, { first: 1, last: 400_000 }, 4)).pages, [
    [400_000, 250_000, 100_001, 100_000],
    [99_999, 1],
  ]);

  const { pages, looks } = await allPages([7], { first: 7, last: 2_500_000 }, 50);
  assert.deepEqual(pages, [[], [], [7]]);
  assert.equal(looks.length, 25);
  assert.deepEqual(looks[0], [2_400_001, 2_500_001]);
  assert.deepEqual(looks.at(-1), [7, 100_001]);
});

test('where an index answers, one look is enough', async () => {
  const { pages, looks } = await allPages([7, 2_400_000], { first: 7, last: 2_500_000, isIndexed: true }, 1);
  assert.deepEqual(pages, [[2_400_000], [7]]);
  assert.deepEqual(looks, [
    [7, 2_500_001],
    [7, 2_400_000],
  ]);
});

test('a total is exact up to 1,000 and as far as anybody looked', async () => {
  const count = async (ids: readonly number[], range: IdRange | undefined) => {
    const { look } = table(ids);
    return countDownwards(range, async (from, below, limit) => (await look(from, below, limit)).length);
  };
  const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
  assert.deepEqual(await count([], undefined), { value: 0, relation: 'exact' });
  assert.deepEqual(await count([3, 250_000], { first: 3, last: 250_000 }), { value: 2, relation: 'exact' });
  assert.deepEqual(await count(upTo(1_000), { first: 1, last: 1_000 }), { value: 1_000, relation: 'exact' });
  assert.deepEqual(await count(upTo(1_001), { first: 1, last: 1_001 }), { value: 1_000, relation: 'at_least' });
  assert.deepEqual(await count([3, 4_000_000], { first: 3, last: 4_000_000 }), { value: 1, relation: 'at_least' });
});

test('a cursor from beyond the table begins at its newest row', async () => {
  const { look, looks } = table([1, 2]);
  const { rows } = await readDownwards({ first: 1, last: 2 }, Number.MAX_SAFE_INTEGER, 50, look);
  assert.deepEqual([rows, looks], [[{ id: 2 }, { id: 1 }], [[1, 3]]]);
});
