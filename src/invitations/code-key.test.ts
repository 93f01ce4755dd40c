import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openTestDatabase } from '../../test/support/database.ts';
import { foldWidth } from '../rules/typed-text.ts';
import { codeKey, keyOfCode, plainSpelling } from './code-key.ts';

const testDatabase = await openTestDatabase();
after(() => testDatabase.drop());

async function keysBySql(texts: readonly string[]): Promise<string[]> {
  const rows = await testDatabase.query<{ key: string }>(
    `SELECT ${codeKey('text')} AS key FROM unnest($1::text[]) WITH ORDINALITY AS given (text, place) ORDER BY place`,
    [texts],
  );
  return rows.map((row) => row.key);
}

test('the database and this process compute the same key for codes of ASCII and Hangul', async () => {
  const ascii = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
  const hangul = fc
    .oneof(fc.integer({ min: 0xac00, max: 0xd7a3 }), fc.integer({ min: 0x3131, max: 0x3163 }))
    .map((code) => String.fromCharCode(code));
  const texts = fc.sample(fc.string({ unit: fc.oneof(ascii, hangul), maxLength: 80 }), 3_000);
  assert.deepEqual(await keysBySql(texts), texts.map(keyOfCode));
});

test('the index uses exactly this expression', async () => {
  const [index] = await testDatabase.query<{ indexdef: string }>(
    `SELECT indexdef FROM pg_indexes WHERE indexname = 'Invitation_tolerant_code_idx'`,
  );
  const plain = (sql: string) => sql.replace(/::text|["\s]/g, '');
  assert.ok(plain(String(index?.indexdef)).includes(plain(codeKey('code'))), index?.indexdef);
});

test('chodae doctor counts by exactly this expression', () => {
  const source = readFileSync(new URL('../database/diagnose.ts', import.meta.url), 'utf8');
  assert.equal(source.split(codeKey('code')).length - 1, 2);
});

test('case, spaces, hyphens and look-alikes are ignored, and nothing else', () => {
  const same = ['SOIL-10', 'soil10', ' 50-1l IO', 's0 1LI0'];
  assert.deepEqual(new Set(same.slice(0, 2).map(keyOfCode)), new Set(['S01110']));
  assert.equal(keyOfCode(same[2] ?? ''), '501110');
  assert.notEqual(keyOfCode('A.B'), keyOfCode('AB'));
  assert.notEqual(keyOfCode('A_B'), keyOfCode('AB'));
});

test('a typed code is folded to the characters of codes', () => {
  const spellings: readonly (readonly [string, string])[] = [
    ['ＳＰＲＩＮＧ－１２', 'SPRING-12'],
    ['A–B—C‑D−E', 'A-B-C-D-E'],
    ['A\u00a0B\u3000C', 'A B C'],
    ['\ufeffA\u200bB\u00ad', 'AB'],
    ['\u110e\u1169\u1103\u1162', '초대'],
    ['ㅋㅋ', 'ㅋㅋ'],
    ['é', 'é'],
  ];
  for (const [typed, plain] of spellings) assert.equal(plainSpelling(typed), plain);
});

test('folding is idempotent', () => {
  for (const read of [plainSpelling, foldWidth]) {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => read(read(text)) === read(text)));
  }
});
