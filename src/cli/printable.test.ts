import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';

test('whatever a terminal would obey is shown as a replacement, and everything else as it is', () => {
  assert.equal(printable('홍길동 Zoë 👨‍👩‍👧 é'), '홍길동 Zoë 👨‍👩‍👧 é');
  assert.equal(printable('a\x1b[2Jb\u009bc\r\nd\te\u2028f\u202eg\ud800h'), 'a�[2Jb�c��d�e�f�g�h');
});
