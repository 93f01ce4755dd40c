import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openTestDatabase } from '../../test/support/database.ts';
import { codeKey } from '../database/folded-text.ts';
import { foldWidth } from '../rules/typed-text.ts';
import { keyOfCode, plainSpelling } from './code-key.ts';

const testDatabase = await openTestDatabase();
after(() => testDatabase.drop());

async function keysBySql(texts: readonly string[]): Promise<string[]> {
  const rows = await testDatabase.query<{ key: string }>(
    `SELECT ${codeKey('text')} AS key FROM unnest($1::text[]) WITH ORDINALITY AS given (text, place) ORDER BY place`,
    [texts],
  );
  return rows.map((row) => row.key);
}

const between = (first: number, last: number) => fc.integer({ min: first, max: last }).map((code) => String.fromCodePoint(code));
/** Every character but lone surrogates and U+0000, which PostgreSQL cannot store. */
const characters = Array.from({ length: 0x11_00_00 - 1 }, (_, code) => code + 1)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code));
const folded = characters.filter((one) =>
  /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Pd}\p{White_Space}\u2800\u2212\u2043\u02d7\uff01-\uff5e]/u.test(one),
);

test('the database and this process compute the same key of 10,000 texts of ASCII, Hangul and all that is folded', async () => {
  const character = fc.oneof(
    { arbitrary: between(0x20, 0x7e), weight: 3 },
    { arbitrary: fc.oneof(between(0xac00, 0xd7a3), between(0x3131, 0x3163), between(0x1100, 0x1112), between(0x1161, 0x1175)), weight: 2 },
    between(0x0300, 0x0304),
    between(0x01, 0x1f),
    fc.constantFrom(...folded),
  );
  const texts = fc.sample(fc.string({ unit: character, maxLength: 40 }), 10_000);
  assert.deepEqual(await keysBySql(texts), texts.map(keyOfCode));
});

test('the database folds each character that this process folds, and no other', async () => {
  const signs = characters.filter((one) => /[\p{P}\p{Z}\p{S}\p{Cc}\p{Cf}]/u.test(one) && one.toUpperCase() === one);
  const texts = [...folded, ...signs].map((sign) => `a${sign}b`);
  assert.ok(texts.length > 6_000);
  const keys = await keysBySql(texts);
  assert.deepEqual(
    texts.filter((text, place) => keys[place] !== keyOfCode(text)),
    [],
  );
});

test('the index has exactly this expression', async () => {
  await testDatabase.query(`INSERT INTO "Invitation" (code) SELECT 'x-' || n FROM generate_series(1, 2000) AS n`);
  await testDatabase.query('ANALYZE "Invitation"');
  const plan = await testDatabase.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT id FROM "Invitation" WHERE ${codeKey('code')} = (SELECT ${codeKey(`'X 77'::text`)})`,
  );
  assert.match(plan.map((line) => line['QUERY PLAN']).join('\n'), /Invitation_tolerant_code_idx/);
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
