import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { bearer, invite } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedSession, storedUser, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

/** A person who has just signed up. */
async function completed(columns: Readonly<Record<string, string>> = {}) {
  const code = await invite(application, columns);
  const { sessionId, userId, person, answer } = await application.signUp(code, { phone: '010-2938-4756' });
  assert.equal(answer.status, 200);
  return { code, sessionId: String(sessionId), userId, person };
}

/** Moves a completion into the past. */
async function age(sessionId: string, interval: string): Promise<void> {
  await application.query(`UPDATE registration_receipts SET completed_at = completed_at - interval '${interval}' WHERE session_id = $1`, [
    sessionId,
  ]);
}

test('repeating the last request in any notation of the number gives the same answer and changes nothing', async () => {
  for (const columns of [{}, { max_uses: '5' }]) {
    const { code, sessionId, userId } = await completed(columns);
    const before = await everything(application);
    for (const spelling of ['010-2938-4756', '01029384756', ' 010 2938 4756 ', '+82 10-2938-4756', '+821029384756', '(010) 2938.4756']) {
      const { status, body } = await application.phone(sessionId, spelling);
      assert.deepEqual({ status, body }, { status: 200, body: { ok: true, userId } }, spelling);
    }
    assert.deepEqual(await everything(application), before);
    assert.equal(await countUsersOf(application, code), 1);
  }
});

test('repeating the last request with another number is refused and changes nothing', async () => {
  const { sessionId } = await completed();
  const before = await everything(application);
  for (const other of ['010-2938-4757', '+82 10 2938 4750']) {
    assertRefused(await application.phone(sessionId, other), 409, 'session_completed');
  }
  assertRefused(await application.phone(sessionId, 'no number'), 422, 'validation_failed');
  assert.deepEqual(await everything(application), before);
});

test('the other steps of a completed sign-up say that the person has signed up, for 24 hours', async () => {
  const { sessionId, userId, person } = await completed();
  const others = [
    () => application.name(sessionId, 'another name', person.password),
    () => application.name(sessionId, person.name, person.password),
    () => application.birthday(sessionId, '2000-01-01'),
    () => application.send('GET', '/auth/register/session', undefined, bearer(sessionId)),
    () => application.send('POST', '/auth/register/session/renew', undefined, bearer(sessionId)),
    () => application.send('DELETE', '/auth/register/session', undefined, bearer(sessionId)),
  ];
  for (const other of others) assertRefused(await other(), 404, 'already_signed_up');
  assertRefused(await application.birthday(sessionId, 'no day'), 422, 'validation_failed');
  const { name, birthday } = await storedUser(application, userId);
  assert.deepEqual({ name, birthday }, { name: person.name, birthday: person.birthday });
  await age(sessionId, '24 hours');
  for (const other of others) assertRefused(await other(), 404, 'session_not_found');
});

test('the answer is repeated for 24 hours after the completion and no longer', async () => {
  const { sessionId, userId, person } = await completed();
  await age(sessionId, '23 hours 59 minutes');
  assert.equal((await application.phone(sessionId, person.phone)).body.userId, userId);
  await age(sessionId, '1 minute');
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');
  assertRefused(await application.phone(sessionId, '010-2938-4757'), 404, 'session_not_found');
});

test('the answer is repeated whatever happened to the invitation', async () => {
  const { code, sessionId, userId, person } = await completed();
  for (const change of ['revoked_at = now()', 'is_used = false, used_by = NULL, revoked_at = NULL', 'expires_at = now()']) {
    await application.query(`UPDATE "Invitation" SET ${change} WHERE code = $1`, [code]);
    assert.equal((await application.phone(sessionId, person.phone)).body.userId, userId);
  }
  assert.equal(await countUsersOf(application, code), 1);
});

test('a deleted account is no longer answered for', async () => {
  const { sessionId, userId, person } = await completed();
  await application.query('DELETE FROM "User" WHERE id = $1', [userId]);
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');
  assertRefused(await application.birthday(sessionId, person.birthday), 404, 'session_not_found');
});

test('completing leaves personal data only in the user, and a receipt without any', async () => {
  const code = await invite(application);
  const { sessionId, userId, person } = await application.signUp(code, { birthday: '1987-06-05' });
  assert.equal(await storedSession(application, String(sessionId)), undefined);
  const { password: hash } = await storedUser(application, userId);
  for (const value of [person.name, person.birthday, person.phone, String(hash)]) {
    assert.deepEqual(await tablesHolding(application, value), ['User']);
  }
  assert.deepEqual(await tablesHolding(application, person.password), []);
  assert.deepEqual(await tablesHolding(application, String(sessionId)), ['registration_receipts']);

  const [receipt] = await application.query('SELECT * FROM registration_receipts WHERE session_id = $1', [sessionId]);
  assert.deepEqual(receipt, { session_id: sessionId, user_id: userId, completed_at: receipt?.completed_at });
});
