import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedUser } from '../support/stored-rows.ts';

const application = await openApplication({ phoneUnique: true });
after(() => application[Symbol.asyncDispose]());

test('a number is stored in E.164 beside the typed one', async () => {
  const { userId } = await application.signUp(await invite(application), { phone: ' 010 2938 4756 ' });
  const { phone, phone_key } = await storedUser(application, userId);
  assert.deepEqual({ phone, phone_key }, { phone: '010 2938 4756', phone_key: '+821029384756' });
});

test('a number with an account is refused in every notation, nothing is lost, and another number works', async () => {
  await application.signUp(await invite(application), { phone: '010-5647-3829' });
  for (const columns of [{}, { max_uses: '2' }]) {
    const code = await invite(application, columns);
    const { sessionId } = await signUpToLastStep(application, code);
    const before = await everything(application);
    for (const spelling of ['010-5647-3829', '01056473829', '+82 10 5647 3829', '(010) 5647.3829']) {
      assertRefused(await application.phone(sessionId, spelling), 409, 'phone_taken');
    }
    assert.deepEqual(await everything(application), before);
    assert.equal(await countUsersOf(application, code), 0);
    assert.equal((await application.phone(sessionId, samplePhone())).status, 200);
    assert.equal(await countUsersOf(application, code), 1);
  }
});

test('a repeated last request gets the same answer and is not refused as taken', async () => {
  const { sessionId, userId, person } = await application.signUp(await invite(application));
  const again = await application.phone(String(sessionId), person.phone);
  assert.deepEqual([again.status, again.body], [200, { ok: true, userId }]);
  assertRefused(await application.phone(String(sessionId), samplePhone()), 409, 'session_completed');
});

test('a used invitation is reported before a taken number', async () => {
  const code = await invite(application);
  const first = await signUpToLastStep(application, code);
  const second = await signUpToLastStep(application, code);
  await application.phone(first.sessionId, first.person.phone);
  assertRefused(await application.phone(second.sessionId, first.person.phone), 410, 'invitation_used');
});

test('accounts from before the setting was turned on block no sign-up', async () => {
  const { userId, person } = await application.signUp(await invite(application));
  await application.query('UPDATE "User" SET phone_key = NULL WHERE id = $1', [userId]);
  assert.equal((await application.signUp(await invite(application), { phone: person.phone })).answer.status, 200);
});
