import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isValidPhoneNumber } from 'libphonenumber-js/mobile';
import { samplePhone } from './sign-up-client.ts';

test('sample phones are valid Korean mobile numbers, each one new', () => {
  const phones = Array.from({ length: 10_000 }, samplePhone);
  assert.deepEqual(
    phones.filter((phone) => !isValidPhoneNumber(phone, 'KR')),
    [],
  );
  assert.equal(new Set(phones).size, phones.length);
});
