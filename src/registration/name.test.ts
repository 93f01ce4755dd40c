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

test('controls, lone surrogates and noncharacters are refused', () => {
  for (const character of ['\0', '\x07', '\x1b', '\x9f', '\ud83d', '\ude00', '\uffff'])
    assert.equal(codeOf(`홍${character}길동`), 'name name_characters', JSON.stringify(character));
});

test('white space becomes one space, and invisible signs go', () => {
  for (const space of [' ', '  ', '\n', '\r\n', '\t', '\x85', '\u00a0', '\u2028', '\u3000', ' \u200b ', '\u2003'])
    assert.deepEqual(acceptName(`${space}홍${space}길동${space}`), { ok: true, value: '홍 길동' }, JSON.stringify(space));
  for (const sign of [
    '\u202e',
    '\u2066',
    '\u2069',
    '\u200e',
    '\u200f',
    '\u061c',
    '\u200b',
    '\u2060',
    '\ufeff',
    '\u00ad',
    '\u3164',
    '\ufe0f',
    '\u200d',
  ])
    assert.deepEqual(acceptName(`${sign}홍${sign}길동${sign}`), { ok: true, value: '홍길동' }, JSON.stringify(sign));
});

test('signs that shape the character before them stay', () => {
  for (const name of ['👩\u200d👩\u200d👧', '❤\ufe0f', '葛\u{e0100}飾', 'می\u200cخواهم', 'क\u094d\u200dष', '辻\ufe00'])
    assert.deepEqual(acceptName(name), { ok: true, value: name }, JSON.stringify(name));
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
