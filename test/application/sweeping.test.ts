import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { until } from '../../src/database/database.ts';
import { sweepReceipts, sweepSessions } from '../../src/registration/sweep-store.ts';
import { sweptRows } from '../../src/services.ts';
import { sweepRows } from '../../src/sweeping/sweep.ts';
import { openApplication } from '../support/application.ts';
import { newDeadline } from '../support/new-deadline.ts';
import { beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything, storedSession, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const {
  query,
  services: { config, database },
} = application;
const kinds = sweptRows(config);
const isPostgresql = database.kind === 'postgresql';
const nothing = {
  ...(isPostgresql && { limit_windows: 0 }),
  sessions: 0,
  receipts: 0,
  moved_events: 0,
  attempts: 0,
  idempotency_keys: 0,
  audit_log: 0,
};

/**
 * Sweeps until nothing is left.
 * @returns how many rows of each kind were deleted.
 */
async function sweep(): Promise<Readonly<Record<string, number>>> {
  const { deleted, finished, failed } = await sweepRows(database, kinds);
  assert.deepEqual({ finished, failed }, { finished: true, failed: {} });
  return deleted;
}

const oneConnection = database.kind === 'embedded' && 'the embedded database has one connection';

const tables = ['"RegisterSession"', 'registration_receipts', 'registration_attempts', 'idempotency_keys', 'audit_log'];

beforeEach(async () => {
  for (const table of tables) await query(`DELETE FROM ${table}`);
});

/** Inserts sessions that end `first`, `first + 1`, … minutes from now; negative: ago. */
async function makeSessions(count: number, firstMinute: number): Promise<void> {
  await query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", network_key, name, expires_at)
     SELECT 'session ' || ($2::int + n), 1, 'network', 'name ' || ($2::int + n), now() + make_interval(mins => $2::int + n) FROM generate_series(0, $1::int - 1) n`,
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

test('expired sessions are deleted with their data, live ones are not changed', async () => {
  const code = await invite(application);
  const expired = await signUpToLastStep(application, code);
  const live = await signUpToLastStep(application, code);
  await expireSession(application, expired.sessionId);
  const before = await storedSession(application, live.sessionId);

  assert.deepEqual(await sweep(), { ...nothing, sessions: 1 });
  assert.equal(await storedSession(application, expired.sessionId), undefined);
  assert.deepEqual(await tablesHolding(application, expired.person.name), []);
  assert.deepEqual(await storedSession(application, live.sessionId), before);
  assert.equal((await application.phone(live.sessionId, live.person.phone)).status, 200);
});

test('each expired session leaves one attempt that ended at its expiry time', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  await query(`UPDATE "RegisterSession" SET expires_at = now() - interval '3 hours' WHERE "sessionId" = $1`, [sessionId]);
  const session = await storedSession(application, sessionId);
  await sweep();
  await sweep();
  assert.deepEqual(await query('SELECT attempt, invitation_id, verified_at, ended_at, outcome FROM registration_attempts'), [
    {
      attempt: session?.attempt,
      invitation_id: session?.invitationId,
      verified_at: session?.created_at,
      ended_at: session?.expires_at,
      outcome: 'expired',
    },
  ]);
});

test('receipts are deleted 24 hours after the completion, younger ones stay', async () => {
  await makeReceipts(3, 24);
  await makeReceipts(2, 23);
  assert.deepEqual(await sweep(), { ...nothing, receipts: 3 });
  const left = await query<{ session_id: string }>('SELECT session_id FROM registration_receipts ORDER BY session_id');
  assert.deepEqual(
    left.map((row) => row.session_id),
    ['completed 23 h ago, 1', 'completed 23 h ago, 2'],
  );
});

test('a batch is no larger than asked for, and takes the oldest first', async () => {
  await makeSessions(5, -5);
  await makeSessions(2, 10);
  assert.equal((await sweepSessions(until(newDeadline(), database), 2, null)).deleted, 2);
  const left = await query<{ sessionId: string }>('SELECT "sessionId" FROM "RegisterSession" ORDER BY expires_at');
  assert.deepEqual(
    left.map((row) => row.sessionId),
    ['session -3', 'session -2', 'session -1', 'session 10', 'session 11'],
  );
  assert.equal((await sweepSessions(until(newDeadline(), database), 2, null)).deleted, 2);
  assert.equal((await sweepSessions(until(newDeadline(), database), 2, null)).deleted, 1);
  assert.equal((await sweepSessions(until(newDeadline(), database), 2, null)).deleted, 0);

  await makeReceipts(3, 30);
  assert.equal((await sweepReceipts(until(newDeadline(), database), 2, null)).deleted, 2);
  assert.equal((await sweepReceipts(until(newDeadline(), database), 2, null)).deleted, 1);
});

test('one sweep takes more than one batch of each', async () => {
  await makeSessions(1_001, -1_001);
  await makeSessions(3, 5);
  await makeReceipts(501, 25);
  assert.deepEqual(await sweep(), { ...nothing, sessions: 1_001, receipts: 501 });
  assert.deepEqual(await query('SELECT count(*) AS sessions FROM "RegisterSession"'), [{ sessions: 3 }]);
  assert.deepEqual(await query(`SELECT count(*) AS attempts FROM registration_attempts WHERE outcome = 'expired'`), [{ attempts: 1_001 }]);
});

test('if nothing has expired, a sweep changes nothing', async () => {
  await signUpToLastStep(application, await invite(application));
  await application.signUp(await invite(application));
  const before = await everything(application);
  assert.deepEqual(await sweep(), nothing);
  assert.deepEqual(await everything(application), before);
});

test('attempts are deleted after EVENTS_RETENTION, 400 days, and younger ones stay', async () => {
  await query(
    `INSERT INTO registration_attempts (attempt, invitation_id, verified_at, ended_at, outcome)
     SELECT gen_random_uuid(), days, now() - make_interval(days => days), now(), 'expired' FROM unnest(ARRAY[399, 400, 401, 1000]) AS days`,
  );
  assert.deepEqual(await sweep(), { ...nothing, attempts: 3 });
  assert.deepEqual(await query('SELECT invitation_id FROM registration_attempts'), [{ invitation_id: 399 }]);
});

test('entries of the audit log are deleted after AUDIT_RETENTION, two years, and younger ones stay', async () => {
  await query(
    `INSERT INTO audit_log (at, operator, action, subject)
     SELECT now() - make_interval(days => days), 'an operator', days::text, 'user' FROM unnest(ARRAY[1, 365, 730, 731, 3000]) AS days`,
  );
  assert.deepEqual(await sweep(), { ...nothing, audit_log: 2 });
  assert.deepEqual(await query('SELECT action FROM audit_log ORDER BY id'), [{ action: '1' }, { action: '365' }, { action: '730' }]);
});

test('answers stored for an Idempotency-Key are deleted after 24 hours', async () => {
  await query(
    `INSERT INTO idempotency_keys (operator_id, key, request_hash, created_at)
     SELECT 1, hours::text, '', now() - make_interval(hours => hours) FROM unnest(ARRAY[23, 24, 48]) AS hours`,
  );
  assert.deepEqual(await sweep(), { ...nothing, idempotency_keys: 2 });
});

test('expired rows can be counted without deleting them', async () => {
  await makeSessions(7, -7);
  await makeReceipts(2, 25);
  const before = await everything(application);
  const due = await Promise.all(kinds.map(async ({ name, countDue }) => [name, await countDue(until(newDeadline(), database))]));
  assert.deepEqual(Object.fromEntries(due), { ...nothing, sessions: 7, receipts: 2 });
  assert.deepEqual(await everything(application), before);
});

test('a failure for one kind of row does not affect the others', async () => {
  await makeSessions(1, -5);
  await makeReceipts(1, 25);
  const broken = kinds.map((kind) => (kind.name === 'sessions' ? { ...kind, deleteBatch: () => Promise.reject(new Error('no')) } : kind));
  const { deleted, failed } = await sweepRows(database, broken);
  assert.deepEqual(deleted, { ...nothing, receipts: 1 });
  assert.match(String(failed.sessions), /no/);
});

test('a sweep that runs out of time says so, and a stopped one ends after its batch', async () => {
  await makeSessions(1_200, -1_200);
  const short = await sweepRows(database, kinds, { millisecondsEach: 0 });
  assert.deepEqual([short.deleted.sessions, short.finished], [250, false]);
  const stopping = new AbortController();
  const [sessions, ...others] = kinds;
  assert.ok(sessions);
  const stopped = await sweepRows(
    database,
    [{ ...sessions, deleteBatch: (...asked) => sessions.deleteBatch(...asked).finally(() => stopping.abort()) }, ...others],
    { signal: stopping.signal },
  );
  assert.deepEqual([stopped.deleted.sessions, stopped.finished], [250, false]);
  assert.deepEqual((await sweepRows(database, kinds)).deleted.sessions, 700);
});

test('after a full batch a sweep pauses twice as long as the batch took', async () => {
  const begun: number[] = [];
  const slow = {
    name: 'slow',
    countDue: async () => 0,
    deleteBatch: async () => {
      begun.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, 60));
      return { deleted: begun.length < 3 ? 250 : 0, up_to: null };
    },
  };
  await sweepRows(database, [slow]);
  const [first = 0, second = 0, third = 0] = begun;
  // Timers may fire a little early; without the pause the distance would be 60.
  assert.ok(second - first > 150 && third - second > 150, `batches began at ${begun}`);
});

test('four concurrent sweepers share a backlog, and each row is deleted once', async () => {
  await makeSessions(3_000, -3_000);
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => sweepRows(database, kinds)));
  assert.equal(
    outcomes.reduce((sum, { deleted }) => sum + (deleted.sessions ?? 0), 0),
    3_000,
  );
  assert.deepEqual(await query(`SELECT count(*) AS attempts FROM registration_attempts WHERE outcome = 'expired'`), [{ attempts: 3_000 }]);
});

test('a locked row is skipped and deleted the next time', { skip: oneConnection }, async () => {
  await makeSessions(5, -5);
  await query('BEGIN');
  await query(`SELECT FROM "RegisterSession" WHERE "sessionId" = 'session -4' FOR UPDATE`);
  assert.equal((await sweep()).sessions, 4);
  await query('COMMIT');
  assert.equal((await sweep()).sessions, 1);
});

test('ended limit windows are deleted, even if limits no longer use the database', {
  skip: isPostgresql ? false : 'the embedded database counts in memory',
}, async () => {
  assert.equal(config.limits, undefined);
  await query(`INSERT INTO rate_limits (key, points, expires_at) VALUES ('ended', 1, now()), ('lasting', 1, now() + interval '1 minute')`);
  assert.deepEqual(await sweep(), { ...nothing, limit_windows: 1 });
  assert.deepEqual(await query('SELECT key FROM rate_limits'), [{ key: 'lasting' }]);
});
