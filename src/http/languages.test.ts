import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferredLanguage } from './languages.ts';

const cases: readonly [field: string | undefined, fallback: 'ko' | 'en', expected: 'ko' | 'en'][] = [
  [undefined, 'ko', 'ko'],
  [undefined, 'en', 'en'],
  ['', 'ko', 'ko'],
  ['*', 'ko', 'ko'],
  ['*', 'en', 'en'],
  ['en', 'ko', 'en'],
  ['EN-us', 'ko', 'en'],
  ['ko-KR,ko;q=0.9,en-US;q=0.8', 'en', 'ko'],
  ['fr-FR, en;q=0.1', 'ko', 'en'],
  ['en;q=0.5, ko;q=0.6', 'en', 'ko'],
  ['ko;q=0, *;q=0.1', 'ko', 'en'],
  ['fr, de', 'ko', 'ko'],
  ['not a field ;;; q=zebra', 'ko', 'ko'],
];

for (const [field, fallback, expected] of cases) {
  test(`Accept-Language "${field}" with ${fallback} as the default is answered in ${expected}`, () => {
    assert.equal(preferredLanguage(field, fallback), expected);
  });
}

test('a header of 16 KiB is parsed quickly', () => {
  const before = performance.now();
  preferredLanguage('a-b;q=0.1,'.repeat(1_600), 'ko');
  assert.ok(performance.now() - before < 5_000);
});
