import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePhoneNumberWithError } from 'libphonenumber-js/mobile';
import { inventPerson } from './person.ts';

test('an invented person is one whom the service accepts', () => {
  for (let round = 0; round < 500; round += 1) {
    const { name, password, birthday, phone } = inventPerson();
    assert.match(name, /^[가-힣]{3}$/);
    assert.ok(password.length >= 64 && Buffer.byteLength(password) <= 72);
    assert.equal(new Date(`${birthday}T00:00:00Z`).toISOString().slice(0, 10), birthday);
    assert.match(phone, /^010-\d{4}-\d{4}$/);
    assert.ok(parsePhoneNumberWithError(phone, 'KR').isValid(), phone);
  }
});
