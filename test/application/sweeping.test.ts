import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { sweepReceipts, sweepSessions } from '../../src/registration/store.ts';
import { sweep } from '../../src/registration/sweep-sessions.ts';
import { openApplication } from '../support/application.ts';
import { beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything, storedSession, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const {
  query,
  services: { database },
} = application;

beforeEach(async () => {
  for (const table of ['"RegisterSession"', 'registration_receipts', 'registration_events']) await query(`DELETE FROM ${table}`);
});

/** Makes sessions behind the scenes that end `first`, `first + 1`, … minutes from now; negative: ago. */
async function makeSessions(count: number, firstMinute: number): Promise<void> {
  await query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", name, expires_at)
     SELECT 'session ' || ($2::int + n), 1, 'name ' || ($2::int + n), now() + make_interval(mins => $2::int + n) FROM generate_series(0, $1::int - 1) n`,
    [count, firstMinute],
  );
}

async function makeReceipts(count: number, hoursAgo: number): Promise<void> {
  await query(
    `INSERT INTO registration_receipts (session_id, user_id, completed_at)
     SELECT 'completed ' || $2::int || ' h ago, ' || n, n, now() - make_interval(hours => $2::int) FROM generate_series(1, $1::int) n`,
    [count, hoursAgo],
  );
}

test('expired sessions go with what was entered, live ones stay as they are', async () => {
  const code = await invite(application);
  const expired = await signUpToLastStep(application, code);
  const live = await signUpToLastStep(application, code);
  await expireSession(application, expired.sessionId);
  const before = await storedSession(application, live.sessionId);

  assert.deepEqual(await sweep(database), { sessions: 1, receipts: 0 });
  assert.equal(await storedSession(application, expired.sessionId), undefined);
  assert.deepEqual(await tablesHolding(application, expired.person.name), []);
  assert.deepEqual(await storedSession(application, live.sessionId), before);
  assert.equal((await application.phone(live.sessionId, live.person.phone)).status, 200);
});

test('each expired session leaves one event, dated when it expired', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  await query(`UPDATE "RegisterSession" SET expires_at = now() - interval '3 hours' WHERE "sessionId" = $1`, [sessionId]);
  const session = await storedSession(application, sessionId);
  await sweep(database);
  await sweep(database);
  const events = await query(`SELECT * FROM registration_events WHERE event = 'expired'`);
  assert.deepEqual(events, [
    { attempt: session?.attempt, event: 'expired', invitation_id: session?.invitationId, at: session?.expires_at },
  ]);
});

test('receipts go 24 hours after the completion, younger ones stay', async () => {
  await makeReceipts(3, 24);
  await makeReceipts(2, 23);
  assert.deepEqual(await sweep(database), { sessions: 0, receipts: 3 });
  const left = await query<{ session_id: string }>('SELECT session_id FROM registration_receipts ORDER BY session_id');
  assert.deepEqual(
    left.map((row) => row.session_id),
    ['completed 23 h ago, 1', 'completed 23 h ago, 2'],
  );
});

test('a batch is no larger than asked for, and takes the oldest first', async () => {
  await makeSessions(5, -5);
  await makeSessions(2, 10);
  assert.equal(await sweepSessions(database, 2), 2);
  const left = await query<{ sessionId: string }>('SELECT "sessionId" FROM "RegisterSession" ORDER BY expires_at');
  assert.deepEqual(
    left.map((row) => row.sessionId),
    ['session -3', 'session -2', 'session -1', 'session 10', 'session 11'],
  );
  assert.equal(await sweepSessions(database, 2), 2);
  assert.equal(await sweepSessions(database, 2), 1);
  assert.equal(await sweepSessions(database, 2), 0);

  await makeReceipts(3, 30);
  assert.equal(await sweepReceipts(database, 2), 2);
  assert.equal(await sweepReceipts(database, 2), 1);
});

test('one sweep takes more than one batch of each', async () => {
  await makeSessions(1_001, -1_001);
  await makeSessions(3, 5);
  await makeReceipts(501, 25);
  assert.deepEqual(await sweep(database), { sessions: 1_001, receipts: 501 });
  assert.deepEqual(await query('SELECT count(*) AS sessions FROM "RegisterSession"'), [{ sessions: 3 }]);
  assert.deepEqual(await query(`SELECT count(*) AS events FROM registration_events WHERE event = 'expired'`), [{ events: 1_001 }]);
});

test('where nothing has expired, a sweep changes nothing', async () => {
  await signUpToLastStep(application, await invite(application));
  await application.signUp(await invite(application));
  const before = await everything(application);
  assert.deepEqual(await sweep(database), { sessions: 0, receipts: 0 });
  assert.deepEqual(await everything(application), before);
});
