import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Problem } from './errors.ts';
import { cursorBigId, cursorId, decodeCursor, encodeCursor, pageLimit, pageOf, readDownwards } from './paging.ts';

const shape = z.tuple([z.string(), cursorId]);

function refusedFields(text: string): string[] {
  try {
    decodeCursor(text, shape);
    return [];
  } catch (error) {
    assert.ok(error instanceof Problem);
    assert.equal(error.kind.code, 'validation_failed');
    return (error.details.errors ?? []).map(({ field, rule }) => `${field} ${rule.code}`);
  }
}

test('a cursor gives back what it was made of, and fits into an address as it is', () => {
  for (const values of [
    ['spring', 1],
    ['초대 🎟️ "quoted"\n', 2_147_483_647],
    ['', 42],
  ] as const) {
    const text = encodeCursor(values);
    assert.match(text, /^[\w-]+$/);
    assert.deepEqual(decodeCursor(text, shape), values);
  }
  assert.equal(decodeCursor(undefined, shape), undefined);
  assert.deepEqual(decodeCursor(encodeCursor([Number.MAX_SAFE_INTEGER]), z.tuple([cursorBigId])), [Number.MAX_SAFE_INTEGER]);
});

test('what is no cursor of this list is refused on the field cursor', () => {
  const raw = (text: string) => Buffer.from(text).toString('base64url');
  const texts = [
    '',
    ' ',
    '!',
    'x',
    'null',
    '%00',
    '\0',
    '가',
    'A'.repeat(10_000),
    `${encodeCursor(['a', 1])}=`,
    `${encodeCursor(['a', 1])} `,
  ];
  const decoded = [
    '',
    '{',
    'null',
    '1',
    '"a"',
    '{}',
    '[]',
    '["a"]',
    '["a",1,2]',
    '[1,"a"]',
    '["a","1"]',
    '["a",null]',
    '["a",[1]]',
    '[{},1]',
  ];
  const numbers = ['["a",0]', '["a",-1]', '["a",1.5]', '["a",2147483648]', '["a",1e999]', '["a",9007199254740993]'];
  const unstorable = ['["\\u0000",1]', '["\\ud800",1]', '["a\\u0000b",1]'];
  for (const text of [...texts, ...[...decoded, ...numbers, ...unstorable].map(raw)]) {
    assert.deepEqual(refusedFields(text), ['cursor cursor_invalid'], text.slice(0, 80));
  }
});

test('a page has from 1 to 500 rows, 50 where nobody says', () => {
  assert.equal(pageLimit.parse(undefined), 50);
  assert.equal(pageLimit.parse('1'), 1);
  assert.equal(pageLimit.parse('500'), 500);
  for (const text of ['0', '501', '-1', '1.5', '', ' ', 'all', '1e9', '99999999999999999999', 'Infinity', 'NaN', ['1', '2'], {}, '1\0']) {
    assert.equal(pageLimit.safeParse(text).success, false, String(text));
  }
});

test('a page names the next one only where there is a row beyond it', () => {
  const keyOf = (row: { id: number }) => [row.id];
  const rows = [{ id: 9 }, { id: 7 }, { id: 4 }];
  assert.deepEqual(pageOf(rows, 2, keyOf), { rows: rows.slice(0, 2), next: encodeCursor([7]) });
  assert.deepEqual(pageOf(rows, 3, keyOf), { rows, next: null });
  assert.deepEqual(pageOf([], 3, keyOf), { rows: [], next: null });
});

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

async function allPages(ids: readonly number[], range: { first: number; last: number } | undefined, limit: number) {
  const { look, looks } = table(ids);
  const pages: number[][] = [];
  let before: number | undefined;
  do {
    const { rows, next } = await readDownwards(range, before, limit, look);
    pages.push(rows.map(({ id }) => id));
    before = decodeCursor(next ?? undefined, z.tuple([cursorBigId]))?.[0];
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

test('a cursor from beyond the table begins at its newest row', async () => {
  const { look, looks } = table([1, 2]);
  const { rows } = await readDownwards({ first: 1, last: 2 }, Number.MAX_SAFE_INTEGER, 50, look);
  assert.deepEqual([rows, looks], [[{ id: 2 }, { id: 1 }], [[1, 3]]]);
});
