import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptLabel } from './key-label.ts';

const codesOf = (text: string) => {
  const judged = acceptLabel(text);
  return judged.ok ? [] : judged.errors.map(({ field, rule }) => `${field} ${rule.code}`);
};

test('a label is stored in NFC, trimmed', () => {
  const labels: [string, string][] = [
    ['  Kim, marketing ', 'Kim, marketing'],
    ['초대'.normalize('NFD'), '초대'],
    ['<b>O’Brien</b> & "co"', '<b>O’Brien</b> & "co"'],
    ['𠮷'.repeat(64), '𠮷'.repeat(64)],
    ['x', 'x'],
  ];
  for (const [typed, stored] of labels) assert.deepEqual(acceptLabel(typed), { ok: true, value: stored });
});

test('a label that is invisible or too long is refused', () => {
  for (const text of ['', ' \t ', '\u200b', '\u3164', '\u0301'])
    assert.deepEqual(codesOf(text), ['label label_empty'], JSON.stringify(text));
  for (const text of ['x'.repeat(65), '가'.repeat(65), '𠮷'.repeat(65), 'x'.repeat(1_000_000), ' '.repeat(3_000)]) {
    assert.deepEqual(codesOf(text), ['label label_too_long']);
  }
});

test('a label with line breaks or bidirectional controls is refused', () => {
  for (const text of ['a\nb', 'a\tb', 'a\0', '\u001b[31mred', 'a\u2028b', 'a\u202eb', '\u200fa', 'a\ud800', '\ufffe', '\u0085a\u0085b']) {
    assert.deepEqual(codesOf(text), ['label label_characters'], JSON.stringify(text));
  }
});
