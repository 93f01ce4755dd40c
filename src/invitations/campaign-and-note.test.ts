import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Accepted } from '../rules/result.ts';
import { acceptCampaign, acceptNote } from './campaign-and-note.ts';

function judged(result: Accepted<string>): string {
  return result.ok ? result.value : String(result.errors[0]?.rule.code);
}

for (const [field, accept, maximum] of [
  ['campaign', acceptCampaign, 64],
  ['note', acceptNote, 500],
] as const) {
  test(`a ${field} is one line of at most ${maximum} characters, trimmed, in NFC`, () => {
    for (const text of ['봄 2026', 'a/b?c=d', '=1+1', '👩‍👩‍👧‍👦', '...', '초'.repeat(maximum), '𠮷'.repeat(maximum)])
      assert.equal(judged(accept(text)), text);
    assert.equal(judged(accept(` ${'봄'.normalize('NFD')}\u3000`)), '봄');
    for (const text of ['a'.repeat(maximum + 1), 'a'.repeat(1_000_000)]) assert.equal(judged(accept(text)), `${field}_too_long`);
    for (const text of ['a\nb', 'a\0', 'a\ud800', 'a\u202eb', 'a\u2028b', '\ufdd0'])
      assert.equal(judged(accept(text)), `${field}_characters`);
    for (const text of ['', ' ', '\u3164', '\u200b']) assert.equal(judged(accept(text)), `${field}_empty`);
  });
}

test('a campaign cannot have a name that clients remove from URLs', () => {
  for (const name of ['.', '..', ' .. ']) assert.equal(judged(acceptCampaign(name)), 'campaign_dots');
});
