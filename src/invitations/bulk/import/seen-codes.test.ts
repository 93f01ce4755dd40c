import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seenCodes } from './seen-codes.ts';

test('a code that comes again is told with the line in which it came first', () => {
  const property = fc.property(fc.array(fc.string({ maxLength: 2, unit: 'binary' }), { maxLength: 200 }), (codes) => {
    const seen = seenCodes();
    const first = new Map<string, number>();
    for (const [at, code] of codes.entries()) {
      assert.equal(seen.note(code, at + 1), first.get(code));
      if (!first.has(code)) first.set(code, at + 1);
    }
  });
  fc.assert(property);
});

test('a hundred thousand codes are told apart, also where the table grows', () => {
  const seen = seenCodes();
  const count = 100_000;
  for (let line = 1; line <= count; line += 1) assert.equal(seen.note(`code ${line}`, line), undefined);
  for (let line = 1; line <= count; line += 997) assert.equal(seen.note(`code ${line}`, 1), line);
});
