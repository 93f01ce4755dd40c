import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { type Answer, type AnswerBody, samplePerson } from '../support/sign-up-client.ts';
import { beginSignUp, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedSession, storedUser } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

/** @returns the body of an answer that must be a success. */
function succeeded({ status, headers, body }: Answer): AnswerBody {
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
  return body;
}

test('the four requests answer with exactly the members that clients of the original read, and ours', async () => {
  const code = await invite(application);
  const person = samplePerson();

  const verified = succeeded(await application.verify(code));
  const sessionId = String(verified.sessionId);
  assert.match(sessionId, /^[0-9a-f]{32}$/);
  assert.deepEqual(verified, {
    valid: true,
    sessionId,
    expiresAt: verified.expiresAt,
    remainingSteps: ['name', 'birthday', 'phone'],
    phoneBound: false,
  });

  const named = succeeded(await application.name(sessionId, person.name, person.password));
  assert.deepEqual(named, { ok: true, expiresAt: named.expiresAt, remainingSteps: ['birthday', 'phone'] });

  const born = succeeded(await application.birthday(sessionId, person.birthday));
  assert.deepEqual(born, { ok: true, expiresAt: born.expiresAt, remainingSteps: ['phone'] });
  for (const { expiresAt } of [verified, named, born]) assert.match(String(expiresAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  const completed = succeeded(await application.phone(sessionId, person.phone));
  assert.deepEqual(completed, { ok: true, userId: completed.userId });
  assert.ok(Number.isInteger(completed.userId) && Number(completed.userId) > 0);
  const { name, birthday, phone } = await storedUser(application, completed.userId);
  assert.deepEqual({ name, birthday, phone }, { name: person.name, birthday: person.birthday, phone: person.phone });
});

test('every sign-up gets its own session id and user id', async () => {
  const code = await invite(application);
  const ids = await Promise.all(Array.from({ length: 20 }, () => beginSignUp(application, code)));
  assert.equal(new Set(ids).size, ids.length);

  const first = await application.signUp(await invite(application));
  const second = await application.signUp(await invite(application));
  assert.ok(first.userId !== undefined && second.userId !== undefined);
  assert.notEqual(first.userId, second.userId);
});

test('the steps before the last may come in the other order', async () => {
  const person = samplePerson();
  const sessionId = await beginSignUp(application, await invite(application));
  assert.deepEqual((await application.birthday(sessionId, person.birthday)).body.remainingSteps, ['name', 'phone']);
  assert.deepEqual((await application.name(sessionId, person.name, person.password)).body.remainingSteps, ['phone']);
  assert.equal((await application.phone(sessionId, person.phone)).status, 200);
});

test('a repeated step gets the same answer, and the last values win', async () => {
  const { sessionId, person } = await signUpToLastStep(application, await invite(application), { birthday: '1990-01-01' });
  for (const birthday of ['1991-02-03', '1992-02-29', '1992-02-29']) {
    assert.deepEqual((await application.birthday(sessionId, birthday)).body.remainingSteps, ['phone']);
  }
  assert.deepEqual((await application.name(sessionId, '고친 이름', person.password)).body.remainingSteps, ['phone']);
  const { body } = await application.phone(sessionId, person.phone);
  const { name, birthday } = await storedUser(application, body.userId);
  assert.deepEqual({ name, birthday }, { name: '고친 이름', birthday: '1992-02-29' });
});

test('the last step names what is missing, in the order of the form, and stores nothing', async () => {
  const code = await invite(application);
  const person = samplePerson();
  const sessionId = await beginSignUp(application, code);
  const phone = () => application.phone(sessionId, person.phone);

  const early = await phone();
  assertRefused(early, 409, 'steps_incomplete');
  assert.deepEqual(early.body.missing, ['name', 'birthday']);
  await application.birthday(sessionId, person.birthday);
  assert.deepEqual((await phone()).body.missing, ['name']);

  const withoutBirthday = await beginSignUp(application, code);
  await application.name(withoutBirthday, person.name, person.password);
  assert.deepEqual((await application.phone(withoutBirthday, person.phone)).body.missing, ['birthday']);
  assert.equal((await storedSession(application, withoutBirthday))?.phone, null);
  assert.equal(await countUsersOf(application, code), 0);

  await application.name(sessionId, person.name, person.password);
  assert.equal((await phone()).status, 200);
});

test('an error loses nothing that was stored before', async () => {
  const code = await invite(application);
  const { sessionId, person } = await signUpToLastStep(application, code);
  const before = await storedSession(application, sessionId);

  assertRefused(await application.name(sessionId, '', person.password), 422, 'validation_failed');
  assertRefused(await application.name(sessionId, person.name, 'short'), 422, 'validation_failed');
  assertRefused(await application.birthday(sessionId, '2023-02-29'), 422, 'validation_failed');
  assertRefused(await application.phone(sessionId, '02-123-4567'), 422, 'validation_failed');
  assertRefused(await application.send('PUT', '/auth/register/birthday', '{"session_id":'), 400, 'malformed_json');
  assert.deepEqual(await storedSession(application, sessionId), before);

  const { body } = await application.phone(sessionId, person.phone);
  const { name, birthday } = await storedUser(application, body.userId);
  assert.deepEqual({ name, birthday }, { name: person.name, birthday: person.birthday });
});

test('the second person keeps the session and can complete it after the code is reset', async () => {
  const code = await invite(application);
  const [first, second] = [await signUpToLastStep(application, code), await signUpToLastStep(application, code)];
  assert.equal((await application.phone(first.sessionId, first.person.phone)).status, 200);

  const before = await storedSession(application, second.sessionId);
  assertRefused(await application.phone(second.sessionId, second.person.phone), 410, 'invitation_used');
  assertRefused(await application.birthday(second.sessionId, '1991-01-01'), 410, 'invitation_used');
  assertRefused(await application.name(second.sessionId, 'x', second.person.password), 410, 'invitation_used');
  assert.deepEqual(await storedSession(application, second.sessionId), before);
  assert.equal(await countUsersOf(application, code), 1);

  await application.query('UPDATE "Invitation" SET is_used = false, used_by = NULL WHERE code = $1', [code]);
  assert.equal((await application.phone(second.sessionId, second.person.phone)).status, 200);
});

test('an unknown session id is not a session and creates none', async () => {
  const before = await everything(application);
  const { name, password, birthday, phone } = samplePerson();
  for (const chosen of ['0123456789abcdef0123456789abcdef', 'my-own-session', '../../User', "'--", '%']) {
    assertRefused(await application.name(chosen, name, password), 404, 'session_not_found');
    assertRefused(await application.birthday(chosen, birthday), 404, 'session_not_found');
    assertRefused(await application.phone(chosen, phone), 404, 'session_not_found');
  }
  assert.deepEqual(await everything(application), before);
});
