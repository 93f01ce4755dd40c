import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOfCode } from '../../code-key.ts';
import { seenCodes } from './seen-codes.ts';

test('a code that comes again, in any spelling, is told with the line in which it came first', () => {
  const property = fc.property(fc.array(fc.string({ maxLength: 2, unit: 'binary' }), { maxLength: 200 }), (codes) => {
    const note = seenCodes();
    const first = new Map<string, { line: number; code: string }>();
    for (const [at, code] of codes.entries()) {
      const key = keyOfCode(code) || code;
      const before = first.get(key);
      assert.deepEqual(note(code, at + 1), before && { line: before.line, isSame: before.code === code });
      if (!before) first.set(key, { line: at + 1, code });
    }
  });
  fc.assert(property);
});
