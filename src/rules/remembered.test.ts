import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remembered } from './remembered.ts';

test('a result is worked out once while it is kept, and the oldest goes first', () => {
  const asked: string[] = [];
  const upper = remembered((text) => {
    asked.push(text);
    return text === '' ? undefined : text.toUpperCase();
  }, 2);
  assert.deepEqual(['a', '', 'a', '', 'b', '', 'a'].map(upper), ['A', undefined, 'A', undefined, 'B', undefined, 'A']);
  assert.deepEqual(asked, ['a', '', 'b', 'a']);
});
