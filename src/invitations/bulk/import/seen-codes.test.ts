import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOfCode, plainSpelling } from '../../code-key.ts';
import { seenCodes } from './seen-codes.ts';

test('a code that comes again, in any spelling, is told with the line in which it came first', () => {
  const property = fc.property(fc.array(fc.string({ maxLength: 2, unit: 'binary' }), { maxLength: 200 }), (codes) => {
    const seen = seenCodes();
    const first = new Map<string, { line: number; code: string }>();
    for (const [at, code] of codes.entries()) {
      const key = keyOfCode(plainSpelling(code)) || code;
      const before = first.get(key);
      assert.deepEqual(seen.note(code, at + 1), before && { line: before.line, isSame: before.code === code });
      if (!before) first.set(key, { line: at + 1, code });
    }
  });
  fc.assert(property);
});

test('a hundred thousand codes are told apart, also where the table grows', () => {
  const seen = seenCodes();
  const count = 100_000;
  for (let line = 1; line <= count; line += 1) assert.equal(seen.note(`code ${line}`, line), undefined);
  for (let line = 1; line <= count; line += 997) assert.deepEqual(seen.note(`Code-${line}`, 1), { line, isSame: false });
});
