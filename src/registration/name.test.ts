import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { acceptName } from './name.ts';

function codeOf(text: string): string {
  const result = acceptName(text);
  return result.ok ? `accepted: ${result.value}` : result.errors.map((error) => `${error.field} ${error.rule.code}`).join();
}

test('a name is stored in NFC and without white space around it', () => {
  assert.deepEqual(acceptName('  홍길동\n'), { ok: true, value: '홍길동' });
  assert.deepEqual(acceptName('\u3000홍 길동\u00a0'), { ok: true, value: '홍 길동' });
  assert.deepEqual(acceptName('홍길동'.normalize('NFD')), { ok: true, value: '홍길동' });
});

test('HTML is kept verbatim, and so are names of other scripts', () => {
  for (const name of ['<b>Kim</b>', '<script>alert(1)</script>', "O'Brien", 'علی\u200cرضا', '葛\u{e0100}城', 'Zoë 👩‍🚀', '김', 'A"&\'']) {
    assert.deepEqual(acceptName(name), { ok: true, value: name.normalize('NFC') });
  }
});

test('1 to 100 code points are allowed, counted after normalising and trimming', () => {
  assert.equal(acceptName('가'.repeat(100)).ok, true);
  assert.equal(acceptName('😀'.repeat(100)).ok, true);
  assert.equal(acceptName(` ${'각'.repeat(100).normalize('NFD')} `).ok, true);
  assert.equal(codeOf('가'.repeat(101)), 'name name_too_long');
  assert.equal(codeOf('😀'.repeat(101)), 'name name_too_long');
  // The code point that NFC expands to the most UTF-16 units: six.
  assert.equal(acceptName('𝅘𝅥𝅮'.normalize('NFD').repeat(30)).ok, true);
});

test('a name without visible characters is empty', () => {
  for (const name of ['', ' ', '\n\t ', '\u3164', '\u200b', '\u3164 \u2800', '\u0301'])
    assert.equal(codeOf(name), 'name name_empty', JSON.stringify(name));
});

test('controls, separators, bidirectional controls, lone surrogates and noncharacters are refused', () => {
  const characters = [
    '\0',
    '\n',
    '\r\n',
    '\x1b',
    '\x85',
    '\u2028',
    '\u202e',
    '\u2066',
    '\u2069',
    '\u200e',
    '\u200f',
    '\u061c',
    '\ud83d',
    '\ude00',
    '\uffff',
  ];
  for (const character of characters) assert.equal(codeOf(`홍${character}길동`), 'name name_characters', JSON.stringify(character));
});

test('whatever is accepted is accepted again, unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
      const result = acceptName(text);
      if (result.ok) assert.deepEqual(acceptName(result.value), result);
    }),
    { numRuns: 500 },
  );
});

test('100 kB of input is rejected by length', () => {
  for (const unit of [' ', 'a', '\u0301', '\u200b', ' \u0301', '\ud800']) assert.equal(codeOf(unit.repeat(100_000)), 'name name_too_long');
});
