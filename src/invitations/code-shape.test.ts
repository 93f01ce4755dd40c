import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeAlphabet } from './check-character.ts';
import { generateCodes } from './code-generator.ts';
import { isMistypedCode, isNoCodeOfOurs } from './code-shape.ts';

const prefix = fc.constantFrom(undefined, 'SPRING', '초대', 'x-y', 'U');
const length = fc.integer({ min: 13, max: 40 });
const generated = fc.tuple(prefix, length).map(([prefix, length]) => generateCodes(1, { prefix, length })[0] ?? '');

/** The same code with a different last character. */
function misspell(code: string): string {
  const place = codeAlphabet.indexOf(code.slice(-1));
  return code.slice(0, -1) + codeAlphabet.charAt((place + 7) % 32);
}

const spellings: Readonly<Record<string, (code: string) => string>> = {
  'as printed': (code) => code,
  'in lower case': (code) => code.toLowerCase(),
  'with look-alikes': (code) => code.replaceAll('0', 'O').replaceAll('1', 'i'),
  'with spaces': (code) => ` ${code.replaceAll('-', ' ')} `,
  'with dashes and several spaces': (code) => code.replaceAll('-', ' – '),
  'in full width': (code) => code.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)),
  'with something invisible': (code) => `\ufeff${code.replaceAll('-', '-\u200b')}`,
};

for (const [how, spell] of Object.entries(spellings)) {
  test(`a generated code typed ${how} is accepted, and reported as mistyped with another last character`, () => {
    fc.assert(
      fc.property(generated, (code) => {
        assert.deepEqual([isMistypedCode(spell(code)), isNoCodeOfOurs(spell(code))], [false, false]);
        assert.deepEqual([isMistypedCode(spell(misspell(code))), isNoCodeOfOurs(spell(misspell(code)))], [true, true]);
      }),
    );
  });
}

test('without separators it is reported as mistyped too, although a custom code may look like that', () => {
  fc.assert(
    fc.property(generated, (code) => {
      const [typed, mistyped] = [code, misspell(code)].map((each) => each.replaceAll('-', ''));
      assert.deepEqual([isMistypedCode(typed ?? ''), isNoCodeOfOurs(typed ?? '')], [false, false]);
      assert.deepEqual([isMistypedCode(mistyped ?? ''), isNoCodeOfOurs(mistyped ?? '')], [true, false]);
    }),
  );
});

test('what does not look like a generated code is not called mistyped', () => {
  const others = ['', '-', ' ', 'TEST001', 'NO-SUCH-CODE', '초대', 'welcome', '12345', 'ABCDE-FGHJK', 'ABCDE-FGHJK-M', 'a'.repeat(256)];
  const written = [
    'welcome-spring-2026',
    'ABCD-EFGH-JKMN-PQRS',
    'ABCDE-FGHJK-MNPQRS',
    'ABCDE-FGHJU-MNPQR',
    'ABCDE--',
    '\u{10ffff}'.repeat(256),
  ];
  for (const other of [...others, ...written]) assert.deepEqual([isMistypedCode(other), isNoCodeOfOurs(other)], [false, false], other);
});

test('any text is checked quickly', () => {
  const piles = ['ABCDE-', 'A', '-', ' ', '초', '\u{1d160}', '\ufdfa', 'ﬀ', 'ß'].map((unit) => unit.repeat(256));
  for (const pile of piles) assert.equal(typeof isMistypedCode(pile), 'boolean');
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 256 }), (text) => isMistypedCode(text) || !isNoCodeOfOurs(text)));
});
