import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { invitationProblems } from '../../src/invitations/problems.ts';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { beginSignUp, invite } from '../support/sign-up-scenes.ts';
import { storedSession, storedUser } from '../support/stored-rows.ts';

/** Already 15 June in Seoul, still the 14th in Los Angeles. */
const now = () => new Date('2026-06-14T15:00:00Z');
const application = await openApplication({
  passwordMinimumLength: 15,
  phoneRegion: 'FR',
  timeZone: 'America/Los_Angeles',
  defaultLanguage: 'en',
  now,
});
after(() => application[Symbol.asyncDispose]());

test('PASSWORD_MIN_LENGTH: a shorter password is refused with that number', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  const answer = await application.name(sessionId, 'Ada', 'fourteen signs');
  assertInvalid(answer, 'password password_too_short');
  assert.match(String(answer.body.errors?.[0]?.message), /15/);
  assert.equal((await application.name(sessionId, 'Ada', 'fifteen signs !')).status, 200);
});

test('TIME_ZONE decides which day today is', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  assertInvalid(await application.birthday(sessionId, '2026-06-15'), 'birthday birthday_in_future');
  assert.equal((await application.birthday(sessionId, '2026-06-14')).status, 200);
  assert.equal((await storedSession(application, sessionId))?.birthday, '2026-06-14');
});

test('PHONE_REGION: numbers of that region are accepted, others are not', async () => {
  const { sessionId, answer } = await application.signUp(await invite(application), { phone: '010-1234-5678' });
  assertInvalid(answer, 'phone phone_not_mobile');
  assertInvalid(await application.phone(String(sessionId), '+82 10-1234-5678'), 'phone phone_other_region');
  const { body } = await application.phone(String(sessionId), '06 12 34 56 78');
  assert.equal((await storedUser(application, body.userId)).phone, '06 12 34 56 78');
  assert.equal((await application.phone(String(sessionId), '+33 6 12 34 56 78')).body.userId, body.userId);
});

test('DEFAULT_LANGUAGE: the language for clients that ask for none of ours', async () => {
  for (const acceptLanguage of [undefined, '', '*', 'fr, de']) {
    const headers = acceptLanguage === undefined ? {} : { 'accept-language': acceptLanguage };
    const answer = await application.send('POST', '/auth/invitation/verify', { invitation_code: 'no such code' }, headers);
    assertRefused(answer, 404, 'invitation_not_found');
    assert.equal(answer.body.detail, invitationProblems.invitation_not_found.detail.en);
    assert.equal(answer.headers.get('content-language'), 'en');
  }
  const korean = await application.send('GET', '/auth/register/session', undefined, { 'accept-language': 'ko' });
  assert.equal(korean.headers.get('content-language'), 'ko');
});

test('PHONE_UNIQUE off: a number may have several accounts, and no key is kept', async () => {
  const phone = '06 12 34 56 79';
  const first = await application.signUp(await invite(application), { phone });
  const second = await application.signUp(await invite(application), { phone });
  assert.deepEqual([first.answer.status, second.answer.status], [200, 200]);
  for (const { userId } of [first, second]) assert.equal((await storedUser(application, userId)).phone_key, null);
});

test('MIN_AGE off: a person born today may sign up', async () => {
  const { answer } = await application.signUp(await invite(application), { birthday: '2026-06-14', phone: '06 12 34 56 80' });
  assert.equal(answer.status, 200);
});
