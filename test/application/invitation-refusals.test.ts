import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { bearer, beginSignUp, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedInvitation, storedSession, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

test('an unknown code is not found, and leaves nothing behind', async () => {
  const code = await invite(application);
  const before = await everything(application);
  const others = ['no-such-code', `${code}%`, `${code}_`, `.${code}`, code.slice(0, -1), "' OR ''='"];
  for (const other of others) assertRefused(await application.verify(other), 404, 'invitation_not_found');
  assert.deepEqual(await everything(application), before);
});

test('each reason why a code cannot be used has its own problem code, and opens no session', async () => {
  const refused = [
    [410, 'invitation_used', { is_used: 'true' }],
    [410, 'invitation_used', { is_used: 'true', max_uses: '3', use_count: '3' }],
    // The original's program does not know use_count.
    [410, 'invitation_used', { is_used: 'true', used_by: '1', use_count: '0' }],
    [410, 'invitation_expired', { expires_at: 'now()' }],
    [410, 'invitation_expired', { expires_at: "now() - interval '1 year'", max_uses: '3' }],
    [410, 'invitation_revoked', { revoked_at: 'now()' }],
    [410, 'invitation_revoked', { revoked_at: 'now()', max_uses: '3' }],
    [403, 'invitation_not_started', { starts_at: "now() + interval '1 hour'" }],
    [403, 'invitation_not_started', { starts_at: "now() + interval '1 hour'", max_uses: '3' }],
  ] as const;
  for (const [status, reason, columns] of refused) {
    const code = await invite(application, columns);
    const before = await everything(application);
    assertRefused(await application.verify(code), status, reason);
    assert.deepEqual(await everything(application), before);
  }
});

test('of several reasons the permanent one comes first', async () => {
  const past = "now() - interval '1 hour'";
  const all = { revoked_at: 'now()', is_used: 'true', expires_at: past, starts_at: "now() + interval '1 hour'" };
  const { revoked_at: _, ...withoutRevocation } = all;
  const { is_used: __, ...withoutUse } = withoutRevocation;
  assertRefused(await application.verify(await invite(application, all)), 410, 'invitation_revoked');
  assertRefused(await application.verify(await invite(application, withoutRevocation)), 410, 'invitation_used');
  assertRefused(await application.verify(await invite(application, withoutUse)), 410, 'invitation_expired');
});

test('the error for a code that has not started says when it starts: in words of TIME_ZONE for people, in UTC for programs', async () => {
  const code = await invite(application, { starts_at: "'2099-03-02T01:05:42Z'" });
  for (const [language, words] of [
    ['ko', '이 초대는 2099년 3월 2일(월) 오전 10시 5분에 열립니다.'],
    ['en', 'This invitation opens on Mon 2 Mar 2099, 10:05.'],
  ] as const) {
    const { body } = await application.send('POST', '/auth/invitation/verify', { invitation_code: code }, { 'accept-language': language });
    assert.equal(body.startsAt, '2099-03-02T01:05:42.000Z');
    assert.ok(body.detail?.startsWith(words), body.detail);
  }
});

test('a code that never starts is refused with a message too', async () => {
  for (const max_uses of ['1', '2']) {
    const answer = await application.verify(await invite(application, { max_uses, starts_at: "'infinity'" }));
    assertRefused(answer, 403, 'invitation_not_started');
    assert.equal(answer.body.startsAt, '9999-12-31T23:59:59.999Z');
  }
});

test('a code within its life span works', async () => {
  const lifeSpan = { starts_at: 'now()', expires_at: "now() + interval '1 hour'" };
  for (const columns of [lifeSpan, { ...lifeSpan, max_uses: '2' }]) {
    const outcome = await application.signUp(await invite(application, columns));
    assert.deepEqual([outcome.step, outcome.answer.status], ['phone', 200]);
  }
});

test('a life span that ends during a sign-up does not end the sign-up', async () => {
  for (const max_uses of ['1', '2']) {
    const code = await invite(application, { max_uses, expires_at: "now() + interval '1 hour'" });
    const { sessionId, person } = await signUpToLastStep(application, code);
    await application.query('UPDATE "Invitation" SET expires_at = now() WHERE code = $1', [code]);
    assertRefused(await application.verify(code), 410, 'invitation_expired');
    assert.equal((await application.birthday(sessionId, person.birthday)).status, 200);
    assert.equal((await application.phone(sessionId, person.phone)).status, 200);
  }
});

for (const [what, change, reason] of [
  ['revoking', 'revoked_at = now()', 'invitation_revoked'],
  ['using up', 'is_used = true', 'invitation_used'],
] as const) {
  test(`${what} an invitation stops the sign-ups under way at once, and what they stored stays`, async () => {
    const code = await invite(application, { max_uses: '3' });
    const { sessionId, person } = await signUpToLastStep(application, code);
    const before = await storedSession(application, sessionId);
    await application.query(`UPDATE "Invitation" SET ${change} WHERE code = $1`, [code]);

    assertRefused(await application.name(sessionId, 'another name', person.password), 410, reason);
    assertRefused(await application.birthday(sessionId, '1991-01-01'), 410, reason);
    assertRefused(await application.phone(sessionId, person.phone), 410, reason);
    assertRefused(await application.send('GET', '/auth/register/session', undefined, bearer(sessionId)), 410, reason);
    assert.deepEqual(await storedSession(application, sessionId), before);
    assert.equal(await countUsersOf(application, code), 0);

    // Abandoning stays possible, so that people can always have their data deleted.
    assert.equal((await application.send('DELETE', '/auth/register/session', undefined, bearer(sessionId))).status, 200);
    assert.deepEqual(await tablesHolding(application, person.name), []);
  });
}

test('an invitation bound to a phone number lets only that number complete, in any notation', async () => {
  const code = await invite(application, { phone: "'+821029384756'" });
  const { sessionId } = await signUpToLastStep(application, code);
  const before = await storedSession(application, sessionId);
  for (const other of ['010-2938-4757', '010-9999-4756', '+82 10 2938 4750']) {
    assertRefused(await application.phone(sessionId, other), 403, 'invitation_phone_mismatch');
  }
  assert.deepEqual(await storedSession(application, sessionId), before);
  assert.equal((await storedInvitation(application, code)).is_used, false);

  assert.equal((await application.phone(sessionId, '+82 10-2938-4756')).status, 200);
  const again = await signUpToLastStep(application, await invite(application, { phone: "'+821029384756'" }));
  assert.equal((await application.phone(again.sessionId, '01029384756')).status, 200);
});

test('the refusal of a bound invitation does not name the number that was invited', async () => {
  const { sessionId, person } = await signUpToLastStep(application, await invite(application, { phone: "'+821029384756'" }));
  const answer = await application.phone(sessionId, person.phone);
  assert.doesNotMatch(JSON.stringify(answer.body), /2938|4756/);
});

test('deleting an invitation ends the sessions of its sign-ups', async () => {
  const code = await invite(application);
  const sessionId = await beginSignUp(application, code);
  await application.query('DELETE FROM "Invitation" WHERE code = $1', [code]);
  assertRefused(await application.birthday(sessionId, '1990-01-01'), 404, 'session_not_found');
  assertRefused(await application.send('GET', '/auth/register/session', undefined, bearer(sessionId)), 404, 'session_not_found');
  assertRefused(await application.verify(code), 404, 'invitation_not_found');
});
