import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeSpellings, commonSpellings, signSpellings } from '../../test/support/typed-spellings.ts';
import { generateCodes } from './code-generator.ts';
import { keyOfCode } from './code-key.ts';
import { readTypedCode } from './typed-code.ts';

const generated = fc
  .tuple(fc.constantFrom(undefined, 'SPRING', '초대', 'FRIENDS-2026'), fc.integer({ min: 13, max: 25 }))
  .map(([prefix, length]) => generateCodes(1, { prefix, length })[0] ?? '');
const keyRead = (text: string) => keyOfCode(readTypedCode(text).plain);

for (const [name, spell] of Object.entries({ ...commonSpellings, ...signSpellings, ...codeSpellings })) {
  test(`a generated code is read from: ${name}`, () => {
    for (const code of generateCodes(200)) assert.equal(keyRead(spell(code)), keyOfCode(code), spell(code));
    for (const code of generateCodes(50, { prefix: 'SPRING' })) {
      if (!['a sentence', 'a Korean sentence'].includes(name)) assert.equal(keyRead(spell(code)), keyOfCode(code), spell(code));
    }
  });
}

test('10,000 spellings of generated codes are read, two distortions at a time', () => {
  const spellings = Object.entries({ ...commonSpellings, ...signSpellings });
  const codes = Object.entries(codeSpellings).filter(([name]) => !/sentence/.test(name));
  fc.assert(
    fc.property(generated, fc.constantFrom(...codes), fc.constantFrom(...spellings), (code, [inner, first], [outer, second]) => {
      // A wide address is none.
      fc.pre(outer !== 'full width' && outer !== 'a word joiner inside');
      const text = second(first(code));
      assert.equal(keyRead(text), keyOfCode(code), `${inner}, ${outer}: ${text}`);
    }),
    { numRuns: 10_000 },
  );
});

test('a code of its own is read from signs, labels and links', () => {
  for (const code of ['WELCOME-2030', '봄맞이', 'x.y_z~1', 'TEST001', 'friends', '.dot']) {
    for (const [name, spell] of Object.entries({
      ...commonSpellings,
      quoted: (value: string) => `"${value}"`,
      label: (value: string) => `Code: ${value}`,
      'Korean label': (value: string) => `초대코드 : ${value}`,
      link: (value: string) => `https://signup.example.com/join#${encodeURIComponent(value)}`,
      'link in a message': (value: string) => `가입하기 https://signup.example.com/join#${encodeURIComponent(value)} 오늘까지`,
      parameter: (value: string) => `https://signup.example.com/?code=${encodeURIComponent(value)}`,
      wrapped: (value: string) =>
        `https://l.facebook.com/l.php?u=${encodeURIComponent(`https://signup.example.com/join#${encodeURIComponent(value)}`)}&h=x`,
    })) {
      assert.equal(readTypedCode(spell(code)).plain, code, name);
    }
  }
});

test('what is not an address and holds no code stays what it is', () => {
  for (const text of ['A B', 'a/b', '한글 초대', '#1', 'INV#2024', '100%', 'x:y', 'it is spring', '010-1234-5678']) {
    assert.equal(readTypedCode(text).isAddress, false, text);
  }
  assert.equal(readTypedCode('FRIEND 01').plain, 'FRIEND 01');
  assert.equal(readTypedCode('INV#2024').plain, 'INV#2024');
});

test('an address without a code is told from one with a code', () => {
  for (const text of [
    'https://signup.example.com/join',
    'https://signup.example.com/join#',
    'https://signup.example.com/',
    'www.example.com',
    'signup.example.com/join',
    'http://127.0.0.1:8000/join?code=',
    'see https://example.com/a/b/c?x=1',
  ]) {
    assert.deepEqual(readTypedCode(text), { plain: '', isAddress: true }, text);
  }
});

test('any text is read quickly, and reading is idempotent for what it gives', () => {
  for (const pile of ['"', 'A', '-', ' ', '#', '%23', 'code:', 'a.', 'https://', 'ABCDE ', '🎉', '\u202a', '?code='].map((unit) =>
    unit.repeat(2_000 / unit.length),
  )) {
    assert.equal(typeof readTypedCode(pile).plain, 'string');
  }
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => typeof readTypedCode(text).plain === 'string'));
});
