import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything, storedInvitation, storedSession, tablesHolding } from '../support/stored-rows.ts';

/** 15 June in Seoul, still the 14th in UTC: a person who turns 14 on the 15th is old enough. */
const now = () => new Date('2026-06-14T15:00:00Z');
const application = await openApplication({ minimumAge: 14, now });
after(() => application[Symbol.asyncDispose]());

const oldEnough = '2012-06-15';
const aDayTooYoung = '2012-06-16';

test('a person who reaches the minimum age today may sign up', async () => {
  const { answer } = await application.signUp(await invite(application), { birthday: oldEnough });
  assert.equal(answer.status, 200);
});

test('a person a day too young is refused, and the entered data is deleted at once', async () => {
  const code = await invite(application);
  const { sessionId, person } = await signUpToLastStep(application, code);
  assert.deepEqual(await tablesHolding(application, person.name), ['RegisterSession']);

  const answer = await application.birthday(sessionId, aDayTooYoung);
  assertInvalid(answer, 'birthday birthday_below_minimum_age');
  assert.match(String(answer.body.errors?.[0]?.message), /14/);
  for (const value of [person.name, aDayTooYoung, sessionId]) assert.deepEqual(await tablesHolding(application, value), []);

  assertRefused(await application.birthday(sessionId, oldEnough), 404, 'session_not_found');
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');
  assertRefused(await application.name(sessionId, person.name, person.password), 404, 'session_not_found');
});

test('a person who is too young takes no seat and leaves the code unchanged', async () => {
  for (const max_uses of ['1', '2']) {
    const code = await invite(application, { max_uses });
    const before = await storedInvitation(application, code);
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const sessionId = await beginSignUp(application, code);
      assertInvalid(await application.birthday(sessionId, '2020-01-01'), 'birthday birthday_below_minimum_age');
    }
    assert.deepEqual(await storedInvitation(application, code), before);
    assert.equal((await application.signUp(code)).answer.status, 200);
  }
});

test('a birthday that is refused for another reason deletes nothing', async () => {
  const { sessionId } = await signUpToLastStep(application, await invite(application));
  const before = await storedSession(application, sessionId);
  for (const [birthday, reason] of [
    ['2026-06-16', 'birthday_in_future'],
    ['1899-12-31', 'birthday_too_early'],
    ['2012-02-30', 'birthday_not_a_date'],
    ['2012-6-16', 'birthday_format'],
  ] as const) {
    assertInvalid(await application.birthday(sessionId, birthday), `birthday ${reason}`);
  }
  assert.deepEqual(await storedSession(application, sessionId), before);
});

test("being too young deletes only one's own session, and an expired one is left to the sweeper", async () => {
  const code = await invite(application);
  const { person } = await signUpToLastStep(application, code);
  const expired = await beginSignUp(application, code);
  await expireSession(application, expired);
  const before = await everything(application);
  for (const sessionId of ['0123456789abcdef0123456789abcdef', expired]) {
    assertInvalid(await application.birthday(sessionId, aDayTooYoung), 'birthday birthday_below_minimum_age');
  }
  assert.deepEqual(await everything(application), before);
  assert.deepEqual(await tablesHolding(application, person.name), ['RegisterSession']);
});

test('repeating the request of a person who is too young gives the same error', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  const first = await application.birthday(sessionId, aDayTooYoung);
  const second = await application.birthday(sessionId, aDayTooYoung);
  assert.deepEqual(second.body, first.body);
});
