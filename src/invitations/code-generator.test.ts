import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeAlphabet, hasRightCheckCharacter } from './check-character.ts';
import { generateCodes } from './code-generator.ts';
import { keyOfCode } from './code-key.ts';

const prefix = fc.constantFrom(undefined, 'SPRING', 'spring', '초대', 'a', 'SOIL.1', 'x-y-z', 'ÉTÉ', '𠮷', 'SUMMER~2026_KOREA.PUSAN-1');
const length = fc.integer({ min: 13, max: 40 });
const code = fc.tuple(prefix, length).map(([prefix, length]) => generateCodes(1, { prefix, length })[0] ?? '');
const characters = codeAlphabet.split('');

/** Where the generated part of a code begins. */
const isRight = (text: string) => hasRightCheckCharacter(keyOfCode(text));
const placesOf = (text: string) => Array.from(text, (_, at) => at).filter((at) => codeAlphabet.includes(text.charAt(at)));

test('a code is its prefix and groups of five, 13 to 40 characters long, 15 by default', () => {
  assert.match(generateCodes(1)[0] ?? '', new RegExp(`^[${codeAlphabet}]{5}(?:-[${codeAlphabet}]{5}){2}$`));
  fc.assert(
    fc.property(prefix, length, (prefix, length) => {
      const [made = ''] = generateCodes(1, { prefix, length });
      const start = prefix === undefined ? '' : `${prefix}-`;
      assert.ok(made.startsWith(start));
      const groups = made.slice(start.length).split('-');
      assert.equal(groups.join('').length, length);
      for (const [at, group] of groups.entries()) assert.ok(group.length === 5 || (at === groups.length - 1 && group.length >= 1));
      assert.match(groups.join(''), new RegExp(`^[${codeAlphabet}]+$`));
    }),
  );
});

test('a length with fewer than 60 random bits is refused', () => {
  for (const length of [0, 12, 41, Number.NaN]) assert.throws(() => generateCodes(1, { length }), RangeError);
});

test('every generated code has the right check character, in any case and with any look-alikes', () => {
  fc.assert(
    fc.property(code, (made) => {
      assert.ok(isRight(made));
      assert.ok(isRight(made.toLowerCase()));
      assert.ok(isRight(made.replaceAll('0', 'o').replaceAll('1', 'l')));
      assert.ok(isRight(made.replaceAll('-', '')));
    }),
  );
});

test('every error in a single character is caught', () => {
  const property = fc.property(code, (made) => {
    for (const at of placesOf(made)) {
      for (const other of characters) {
        if (other === keyOfCode(made.charAt(at))) continue;
        assert.ok(!isRight(made.slice(0, at) + other + made.slice(at + 1)), `${made} with ${other} at ${at}`);
      }
    }
  });
  fc.assert(property, { numRuns: 50 });
});

// Of the 992 pairs of different characters only two transpositions go unnoticed, 0Z and Z0: 99.8 % are caught.
test('swapped neighbours are caught, except 0 and Z', () => {
  const [made = ''] = generateCodes(1, { length: 15 });
  const key = keyOfCode(made);
  let missed = 0;
  for (const left of characters) {
    for (const right of characters.filter((other) => other !== left)) {
      for (const at of [3, 4]) {
        const [one, other] = [left + right, right + left].map((pair) => key.slice(0, at) + pair + key.slice(at + 2, -1));
        const rightOnes = characters.filter((check) => hasRightCheckCharacter(`${one}${check}`));
        assert.equal(rightOnes.length, 1);
        if (!hasRightCheckCharacter(`${other}${rightOnes[0]}`)) continue;
        missed += 1;
        assert.deepEqual([left, right].sort(), ['0', 'Z']);
      }
    }
  }
  assert.equal(missed, 4);
});

test('the check character depends on the prefix', () => {
  const [made = ''] = generateCodes(1, { prefix: 'SPRING' });
  assert.ok(!isRight(made.replace('SPRING', 'SPRONG')));
});

test('characters are evenly distributed at every position, and codes are unique', () => {
  const codes = generateCodes(64_000);
  assert.equal(new Set(codes).size, codes.length);
  for (const at of [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16]) {
    const counts = new Map<string, number>();
    for (const made of codes) counts.set(made.charAt(at), (counts.get(made.charAt(at)) ?? 0) + 1);
    // Each is expected 2,000 times with a deviation of 44; one run in 10^9 has one of the 480 off by 8 deviations.
    assert.equal(counts.size, 32);
    for (const [character, count] of counts) assert.ok(Math.abs(count - 2_000) < 352, `${character} at ${at}: ${count}`);
  }
});

test('many codes are generated from one read of random bytes', (context) => {
  const started = process.hrtime.bigint();
  assert.equal(generateCodes(1_000_000).length, 1_000_000);
  context.diagnostic(`1,000,000 codes: ${(process.hrtime.bigint() - started) / 1_000_000n} ms`);
});
