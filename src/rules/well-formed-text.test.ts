import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countCodePoints, hasBidirectionalControl, hasUnusableCharacter, hasVisibleCharacter } from './well-formed-text.ts';

test('a lone surrogate, NUL, a control, a line or paragraph separator or a noncharacter is unusable', () => {
  for (const character of [
    '\ud800',
    '\udfff',
    '\0',
    '\t',
    '\n',
    '\r',
    '\x1b',
    '\x7f',
    '\x85',
    '\u2028',
    '\u2029',
    '\ufdd0',
    '\uffff',
    '\u{10ffff}',
  ]) {
    assert.equal(hasUnusableCharacter(`가${character}나`), true, `U+${character.codePointAt(0)?.toString(16)}`);
  }
});

test('letters, spaces, emoji, private-use and unassigned code points are usable', () => {
  for (const text of ['홍 길동', '👨‍👩‍👧', '\ue000', '\u{3fffd}', '<b>', '\u200d\ufe0f', '\u3000'])
    assert.equal(hasUnusableCharacter(text), false, text);
});

test('usable text survives a round trip through UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(!hasUnusableCharacter(text));
      assert.equal(Buffer.from(text).toString(), text);
    }),
  );
});

test('exactly the twelve direction controls are found', () => {
  const found = Array.from({ length: 0x3000 }, (_, point) => point).filter((point) => hasBidirectionalControl(String.fromCodePoint(point)));
  assert.deepEqual(found, [0x61c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]);
});

test('Hangul fillers, joiners, blanks and marks without a base are invisible', () => {
  for (const text of [
    '',
    '   ',
    '\u3164',
    '\u115f\u1160\uffa0',
    '\u200b\u200d\ufeff',
    '\u2800',
    '\u{e0001}',
    '\u00ad',
    '\u0301',
    '\ufe0f',
  ]) {
    assert.equal(hasVisibleCharacter(text), false, JSON.stringify(text));
  }
  for (const text of ['가', '\u3164가', '1', '.', '❤\ufe0f', '\u{3fffd}'])
    assert.equal(hasVisibleCharacter(text), true, JSON.stringify(text));
});

test('length is counted in code points', () => {
  assert.equal(countCodePoints('홍길동'), 3);
  assert.equal(countCodePoints('😀😀'), 2);
});
