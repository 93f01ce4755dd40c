import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import { cursorBigId, cursorId, decodeCursor, encodeCursor, pageLimit, pageOf } from './cursor.ts';

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

test('a page has from 1 to 500 rows, 50 by default', () => {
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
