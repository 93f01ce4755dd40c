import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latinLook, plainText } from './look-alikes.ts';

test('texts that look alike are equal', () => {
  for (const text of ['Local', 'LOCAL', 'ｌｏｃａｌ', 'lo\u200bcal', 'lócal', 'l\u00adocal', '𝓁𝑜𝖼𝒶𝓁', 'loc\u{e0061}al'])
    assert.equal(plainText(text), 'local', text);
  for (const text of ['lоcаl', 'LΟCAL', 'lосаl']) {
    assert.notEqual(plainText(text), 'local', text);
    assert.equal(latinLook(text), 'local', text);
  }
  assert.equal(plainText('홍길동'.normalize('NFD')), '홍길동');
  assert.equal(plainText('νησος'), plainText('ΝΗΣΟΣ'));
});

test('every decimal digit of Unicode is the ASCII digit of its value', () => {
  for (const zero of [0x660, 0x6f0, 0x7c0, 0x966, 0xe50, 0x1040, 0x1090, 0x17e0, 0xa9d0, 0xff10, 0x1d7ce, 0x1d7f6, 0x1e950]) {
    const digits = Array.from({ length: 10 }, (_, value) => String.fromCodePoint(zero + value)).join('');
    assert.equal(plainText(digits), '0123456789', zero.toString(16));
  }
});

test('folding is idempotent and ignores case', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      assert.equal(plainText(plainText(text)), plainText(text));
      assert.equal(latinLook(latinLook(text)), latinLook(text));
    }),
    { numRuns: 2_000 },
  );
});
