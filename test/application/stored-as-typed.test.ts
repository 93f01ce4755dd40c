import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import type { Person } from '../support/sign-up-client.ts';
import { beginSignUp, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { storedSession, storedUser } from '../support/stored-rows.ts';

/** Midnight in Seoul: it is the 15th there and still the 14th in UTC. */
const now = () => new Date('2026-06-14T15:00:00Z');
const application = await openApplication({ now });
after(() => application[Symbol.asyncDispose]());

async function storedFor(person: Partial<Person>) {
  const { answer, userId } = await application.signUp(await invite(application), person);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { name, birthday, phone } = await storedUser(application, userId);
  return { name, birthday, phone };
}

test('a birthday is stored as it was sent: a day, without a time or a zone', async () => {
  for (const birthday of ['1990-01-01', '1900-01-01', '2000-02-29', '1988-02-29', '2026-06-15']) {
    assert.equal((await storedFor({ birthday })).birthday, birthday);
  }
});

test('a birthday is checked against the date in Korea', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  assertInvalid(await application.birthday(sessionId, '2026-06-16'), 'birthday birthday_in_future');
  assert.equal((await application.birthday(sessionId, '2026-06-15')).status, 200);
});

test('birthdays in any other format are refused and not stored', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  const forms = ['', '1988/07/06', '1988-7-6', '19880706', '06-07-1988', '1988-07-06T00:00:00Z'];
  for (const form of forms) assertInvalid(await application.birthday(sessionId, form), 'birthday birthday_format');
  for (const day of ['2023-02-29', '1900-02-29', '1990-13-01', '1990-00-10', '1990-04-31', '0000-00-00']) {
    assertInvalid(await application.birthday(sessionId, day), 'birthday birthday_not_a_date');
  }
  assertInvalid(await application.birthday(sessionId, '1899-12-31'), 'birthday birthday_too_early');
  assert.equal((await storedSession(application, sessionId))?.birthday, null);
});

test('a phone number is stored as typed, without white space around it', async () => {
  for (const typed of ['010-1234-5678', '01012345678', '010 1234 5678', '+82 10-1234-5678', '+821012345678', '(010) 1234.5678']) {
    assert.equal((await storedFor({ phone: typed })).phone, typed);
    assert.equal((await storedFor({ phone: `\t ${typed} \n` })).phone, typed);
  }
});

test('anything but a mobile number of the region is refused, and a later attempt with one works', async () => {
  const { sessionId } = await signUpToLastStep(application, await invite(application));
  for (const [typed, reason] of [
    ['', 'phone_empty'],
    ['   ', 'phone_empty'],
    ['010-1234-567', 'phone_not_mobile'],
    ['02-123-4567', 'phone_not_mobile'],
    ['+1 202 555 0123', 'phone_other_region'],
    ['010-1234-5678x9', 'phone_characters'],
    [`010-1234-5678${' 0'.repeat(10)}`, 'phone_too_long'],
  ] as const) {
    assertInvalid(await application.phone(sessionId, typed), `phone ${reason}`);
  }
  assert.equal((await application.phone(sessionId, '010-1234-5678')).status, 200);
});

test('a name is stored in NFC, with single spaces and nothing invisible, otherwise as typed', async () => {
  for (const [typed, stored] of [
    ['홍길동', '홍길동'],
    ['홍길동'.normalize('NFD'), '홍길동'],
    ['  Ada  Lovelace ', 'Ada Lovelace'],
    ['\u202a홍\u00a0길동\u202c\r\n', '홍 길동'],
    ['홍\u200b길동', '홍길동'],
    ['<b>O\'Brien</b> & "Söhne"', '<b>O\'Brien</b> & "Söhne"'],
    ['Robert\'); DROP TABLE "User";--', 'Robert\'); DROP TABLE "User";--'],
    ['𠮷野家 👩‍👩‍👧', '𠮷野家 👩‍👩‍👧'],
    ['가'.repeat(100), '가'.repeat(100)],
    ['😀'.repeat(100), '😀'.repeat(100)],
    ['가'.repeat(100).normalize('NFD'), '가'.repeat(100)],
  ] as const) {
    assert.equal((await storedFor({ name: typed })).name, stored);
  }
});

test('an invalid name is refused and not stored', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  for (const [name, reason] of [
    ['', 'name_empty'],
    [' \t\n ', 'name_empty'],
    ['가'.repeat(101), 'name_too_long'],
    ['a\u0000b', 'name_characters'],
  ] as const) {
    assertInvalid(await application.name(sessionId, name, 'seven quiet rivers'), `name ${reason}`);
  }
  const both = await application.name(sessionId, '', 'short');
  assertInvalid(both, 'name name_empty', 'password password_too_short');
  const { name, password } = { name: null, password: null, ...(await storedSession(application, sessionId)) };
  assert.deepEqual({ name, password }, { name: null, password: null });
});
