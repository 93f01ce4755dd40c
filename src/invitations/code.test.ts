import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Accepted } from '../rules/result.ts';
import { acceptCustomCode, acceptPrefix } from './code.ts';
import { generateCodes } from './code-generator.ts';
import { isNoCodeOfOurs } from './code-shape.ts';

/** @returns the accepted value, or the code of the broken rule. */
function judged(result: Accepted<string>): string {
  return result.ok ? result.value : String(result.errors[0]?.rule.code);
}

test('a custom code has letters and digits of any script and ._~-, in NFC', () => {
  const accepted = [
    'a',
    '7',
    'TEST001',
    'WELCOME-SPRING-2026',
    '초대',
    '봄-2026',
    'été',
    'x.y_z~1',
    '٣',
    '-a',
    'a'.repeat(64),
    '초'.repeat(64),
    '𠮷'.repeat(64),
  ];
  for (const code of accepted) assert.equal(judged(acceptCustomCode(code)), code);
  assert.equal(judged(acceptCustomCode('초대'.normalize('NFD'))), '초대');
  assert.equal(judged(acceptCustomCode('ＳＥＯＵＬ１')), 'SEOUL1');
});

test('any other custom code is refused by a rule that says why', () => {
  const characters = ['-', '._~', 'a b', 'a\0', 'a\ud800', 'a#b', 'a/b', 'a%20', '👍', '\u0301', '½', '⑧', 'a+b'];
  for (const code of characters) assert.equal(judged(acceptCustomCode(code)), 'code_characters', JSON.stringify(code));
  for (const code of ['a'.repeat(65), '초'.repeat(65), 'a'.repeat(1_000_000)])
    assert.equal(judged(acceptCustomCode(code)), 'code_too_long');
  for (const code of ['', ' ', '\n', '\u200b', '\u3164 ']) assert.equal(judged(acceptCustomCode(code)), 'code_empty');
});

test('a custom code is stored without invisible signs around and in it', () => {
  for (const code of [' a', 'a\n', '\ta\r\n', 'a\u3164', 'a\u115f', 'a\u200b', '\u202aa\u202c', '\ufeffa', 'a\u00a0', '\u3000ａ'])
    assert.equal(judged(acceptCustomCode(code)), 'a', JSON.stringify(code));
  assert.equal(judged(acceptCustomCode('WELCOME–2030')), 'WELCOME-2030');
});

test('a custom code shaped like a generated one needs its check character, which the error names', () => {
  for (const code of ['HELLO-WORLD-AGAIN', 'hello-world-again', 'x-HELLO-WORLD-AGAIN', 'ABCDE-FGHJK-MNPQR-S']) {
    const result = acceptCustomCode(code);
    if (result.ok) assert.fail(code);
    assert.equal(result.errors[0]?.rule.code, 'code_check_character');
    const right = code.slice(0, -1) + String(result.errors[0]?.values?.expected);
    assert.equal(judged(acceptCustomCode(right)), right);
  }
  for (const code of ['HELLO.WORLD.AGAIN', 'HELLO-WORLD', 'HELLOWORLDAGAIN', 'HELLO-WORLDAGAIN'])
    assert.equal(judged(acceptCustomCode(code)), code);
});

test('every generated code is a valid custom code, and no valid code is reported as impossible', () => {
  const prefix = fc.constantFrom(undefined, 'SPRING', '초대', 'a.b-c');
  fc.assert(
    fc.property(prefix, fc.integer({ min: 13, max: 31 }), (prefix, length) => {
      const [code = ''] = generateCodes(1, { prefix, length });
      assert.equal(judged(acceptCustomCode(code)), code);
    }),
  );
  const groups = fc.array(fc.stringMatching(/^[0-9A-Za-z가-나]{5}$/), { minLength: 2, maxLength: 6 });
  const anything = fc.oneof(
    groups.map((parts) => parts.join('-')),
    fc.string({ unit: 'binary', maxLength: 70 }),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const result = acceptCustomCode(text);
      assert.ok(!result.ok || !isNoCodeOfOurs(result.value));
    }),
  );
});

test('a prefix has at most 24 characters and no hyphen at its end', () => {
  for (const prefix of ['a', 'SPRING', '초대', 'x-y', 'a.', '초'.repeat(24)]) assert.equal(judged(acceptPrefix(prefix)), prefix);
  for (const prefix of ['-', 'a-', '.', 'a b', 'a\u0007', '\ud800']) assert.equal(judged(acceptPrefix(prefix)), 'prefix_characters');
  for (const prefix of ['a'.repeat(25), '초'.repeat(1_000_000)]) assert.equal(judged(acceptPrefix(prefix)), 'prefix_too_long');
  assert.equal(judged(acceptPrefix('')), 'prefix_empty');
});
