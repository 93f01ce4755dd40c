import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Application, openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { bearer, beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything, storedExpiry } from '../support/stored-rows.ts';

const sessionSeconds = 20 * 60;
const application = await openApplication({ sessionSeconds });
after(() => application[Symbol.asyncDispose]());

const renew = (sessionId: string, { send }: Application = application) =>
  send('POST', '/auth/register/session/renew', undefined, bearer(sessionId));

async function almostOver(sessionId: string): Promise<void> {
  await application.query(`UPDATE "RegisterSession" SET expires_at = now() + interval '1 minute' WHERE "sessionId" = $1`, [sessionId]);
}

/** Asserts that a renewal gave the session so many seconds from the moment it was carried out. */
async function assertRenewed(sessionId: string, seconds: number): Promise<void> {
  const clock = async () => {
    const [row] = await application.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    return row?.now.getTime() ?? Number.NaN;
  };
  await almostOver(sessionId);
  const earliest = await clock();
  const { status, body } = await renew(sessionId);
  const latest = await clock();
  assert.equal(status, 200);
  const end = new Date(String(body.expiresAt)).getTime();
  assert.ok(earliest + seconds * 1000 <= end && end <= latest + seconds * 1000, `${body.expiresAt} is not ${seconds} s from then`);
  assert.equal(body.expiresAt, (await storedExpiry(application, sessionId)).toISOString());
}

test('a sign-up on a single-seat invitation gets its whole life again, before and after its first step', async () => {
  const code = await invite(application);
  const sessionId = await beginSignUp(application, code);
  await assertRenewed(sessionId, sessionSeconds);
  const { body } = await application.birthday(sessionId, '1990-01-01');
  assert.deepEqual(body.remainingSteps, ['name', 'phone']);
  await assertRenewed(sessionId, sessionSeconds);
  assert.deepEqual((await renew(sessionId)).body.remainingSteps, ['name', 'phone']);
});

test('with several seats and nothing stored, a sign-up gets five minutes, and only while another seat is free', async () => {
  const code = await invite(application, { max_uses: '2' });
  const first = await beginSignUp(application, code);
  await assertRenewed(first, 300);

  const second = await beginSignUp(application, code);
  await almostOver(first);
  const before = await everything(application);
  const refused = await renew(first);
  assertRefused(refused, 409, 'renewal_refused');
  assert.equal(refused.body.expiresAt, (await storedExpiry(application, first)).toISOString());
  assert.deepEqual(await everything(application), before);

  // A stored step earns the whole life, however full the invitation is.
  assert.equal((await application.birthday(first, '1990-01-01')).status, 200);
  await assertRenewed(first, sessionSeconds);
  assertRefused(await renew(second), 409, 'renewal_refused');
  await application.send('DELETE', '/auth/register/session', undefined, bearer(first));
  await assertRenewed(second, 300);
});

test('a used seat is not free', async () => {
  const code = await invite(application, { max_uses: '2' });
  assert.equal((await application.signUp(code)).answer.status, 200);
  assertRefused(await renew(await beginSignUp(application, code)), 409, 'renewal_refused');
});

test('a renewal shortens nothing and ends 24 hours after the start', async () => {
  const sessionId = await beginSignUp(application, await invite(application, { max_uses: '2' }));
  await application.query(`UPDATE "RegisterSession" SET expires_at = now() + interval '1 hour' WHERE "sessionId" = $1`, [sessionId]);
  const end = await storedExpiry(application, sessionId);
  assert.equal((await renew(sessionId)).body.expiresAt, end.toISOString());

  const other = await beginSignUp(application, await invite(application));
  const times = "created_at = now() - interval '23 hours 50 minutes', expires_at = now() + interval '1 minute'";
  await application.query(`UPDATE "RegisterSession" SET ${times} WHERE "sessionId" = $1`, [other]);
  for (let round = 0; round < 2; round += 1) assert.equal((await renew(other)).status, 200);
  const capped = `SELECT expires_at = created_at + interval '24 hours' AS capped FROM "RegisterSession" WHERE "sessionId" = $1`;
  assert.deepEqual(await application.query(capped, [other]), [{ capped: true }]);
});

test('a sign-up that is over is not renewed', async () => {
  assertRefused(await application.send('POST', '/auth/register/session/renew'), 401, 'session_required');
  assertRefused(await renew('0123456789abcdef0123456789abcdef'), 404, 'session_not_found');
  for (const max_uses of ['1', '2']) {
    const expired = await beginSignUp(application, await invite(application, { max_uses }));
    await expireSession(application, expired);
    assertRefused(await renew(expired), 404, 'session_not_found');

    const code = await invite(application, { max_uses });
    const { sessionId, person } = await signUpToLastStep(application, code);
    await application.query(`UPDATE "Invitation" SET revoked_at = now() WHERE code = $1`, [code]);
    assertRefused(await renew(sessionId), 410, 'invitation_revoked');
    await application.query(`UPDATE "Invitation" SET revoked_at = NULL, is_used = true WHERE code = $1`, [code]);
    assertRefused(await renew(sessionId), 410, 'invitation_used');
    await application.query(`UPDATE "Invitation" SET is_used = false WHERE code = $1`, [code]);
    assert.equal((await application.phone(sessionId, person.phone)).status, 200);
    assertRefused(await renew(sessionId), 404, 'already_signed_up');
  }
});
