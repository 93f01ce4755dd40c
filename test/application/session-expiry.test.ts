import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import type { Answer } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedExpiry } from '../support/stored-rows.ts';

const sessionSeconds = 20 * 60;
/** The process's clock is a year ahead: the database's decides every expiry. */
const now = () => new Date(Date.now() + 365 * 24 * 3600 * 1000);
const application = await openApplication({ sessionSeconds, now });
after(() => application[Symbol.asyncDispose]());

/** The database's clock, cut to milliseconds like every time that the application shows. */
async function databaseClock(): Promise<number> {
  const [row] = await application.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  assert.ok(row);
  return row.now.getTime();
}

/** Asserts that a request renewed the session for its whole life, or for so many seconds, from the moment it was carried out. */
async function assertWholeLife(request: () => Promise<Answer>, seconds = sessionSeconds): Promise<string> {
  const earliest = await databaseClock();
  const { status, body } = await request();
  const latest = await databaseClock();
  assert.equal(status, 200);
  const life = seconds * 1000;
  const end = new Date(String(body.expiresAt)).getTime();
  assert.ok(earliest + life <= end && end <= latest + life, `${body.expiresAt} is not ${seconds} s from then`);
  return String(body.sessionId);
}

for (const [max_uses, firstSeconds] of [
  ['1', sessionSeconds],
  ['2', 300],
] as const) {
  test(`a session lives for ${firstSeconds} s, and each step gives it SESSION_TTL (invitation with ${max_uses} seats)`, async () => {
    const code = await invite(application, { max_uses });
    const sessionId = await assertWholeLife(() => application.verify(code), firstSeconds);
    const almostOver = () =>
      application.query(`UPDATE "RegisterSession" SET expires_at = now() + interval '1 minute' WHERE "sessionId" = $1`, [sessionId]);
    await almostOver();
    await assertWholeLife(() => application.name(sessionId, '초대받은 사람', 'seven quiet rivers'));
    await almostOver();
    await assertWholeLife(() => application.birthday(sessionId, '1990-01-01'));
    await almostOver();
    await assertWholeLife(() => application.birthday(sessionId, '1990-01-01'));
  });
}

test('responses show the stored end of a session', async () => {
  const { body } = await application.verify(await invite(application));
  const sessionId = String(body.sessionId);
  assert.equal(body.expiresAt, (await storedExpiry(application, sessionId)).toISOString());
  const born = await application.birthday(sessionId, '1990-01-01');
  assert.equal(born.body.expiresAt, (await storedExpiry(application, sessionId)).toISOString());
  const { body: shown } = await application.send('GET', '/auth/register/session', undefined, bearer(sessionId));
  assert.equal(shown.expiresAt, born.body.expiresAt);
});

test('reading a session, a refused step and a premature last step do not renew it', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  const end = await storedExpiry(application, sessionId);
  await application.send('GET', '/auth/register/session', undefined, bearer(sessionId));
  await application.birthday(sessionId, '1899-12-31');
  await application.phone(sessionId, '010-2345-6789');
  assert.deepEqual(await storedExpiry(application, sessionId), end);
});

test('no step extends a session beyond 24 hours after its start', async () => {
  const { sessionId, person } = await signUpToLastStep(application, await invite(application));
  const began = "now() - interval '23 hours 50 minutes'";
  await application.query(`UPDATE "RegisterSession" SET created_at = ${began} WHERE "sessionId" = $1`, [sessionId]);
  const atTheCap = `SELECT expires_at = created_at + interval '24 hours' AS capped FROM "RegisterSession" WHERE "sessionId" = $1`;
  for (const step of [
    () => application.birthday(sessionId, person.birthday),
    () => application.name(sessionId, person.name, person.password),
  ]) {
    assert.equal((await step()).status, 200);
    assert.deepEqual(await application.query(atTheCap, [sessionId]), [{ capped: true }]);
  }
  assert.equal((await application.phone(sessionId, person.phone)).status, 200);
});

test('every endpoint refuses a session from the moment it expires, although it is not swept yet', async () => {
  const endpoints = {
    name: (id: string) => application.name(id, '초대받은 사람', 'seven quiet rivers'),
    birthday: (id: string) => application.birthday(id, '1990-01-01'),
    phone: (id: string) => application.phone(id, '010-2345-6789'),
    read: (id: string) => application.send('GET', '/auth/register/session', undefined, bearer(id)),
    renew: (id: string) => application.send('POST', '/auth/register/session/renew', undefined, bearer(id)),
    abandon: (id: string) => application.send('DELETE', '/auth/register/session', undefined, bearer(id)),
  };
  const code = await invite(application);
  for (const request of Object.values(endpoints)) {
    const { sessionId } = await signUpToLastStep(application, code);
    await expireSession(application, sessionId);
    const before = await everything(application);
    assertRefused(await request(sessionId), 404, 'session_not_found');
    assert.deepEqual(await everything(application), before);
  }
  assert.equal(await countUsersOf(application, code), 0);
});
