import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '../../src/database/database.ts';
import { moveEvents } from '../../src/registration/sweep-store.ts';
import { openApplication } from '../support/application.ts';
import { newDeadline } from '../support/new-deadline.ts';
import { bearer, beginSignUp, invite } from '../support/sign-up-scenes.ts';
import { storedInvitation, storedSession } from '../support/stored-rows.ts';

/** A database of a version that wrote an event for each step, upgraded a day ago. */
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const { database } = application.services;

await query(`CREATE TABLE registration_events (
  attempt uuid NOT NULL, event text NOT NULL, invitation_id integer NOT NULL, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (attempt, event)
)`);

async function commentFrom(moment: string): Promise<void> {
  const [row] = await query<{ sql: string }>(`SELECT format('COMMENT ON TABLE registration_events IS %L', ${moment}) AS sql`);
  await query(row?.sql ?? '');
}

async function insertEvents(sqlOfAttempts: string): Promise<void> {
  await query(`INSERT INTO registration_events (attempt, event, invitation_id, at) ${sqlOfAttempts}`);
}

async function move(batch: number): Promise<number[]> {
  const moved: number[] = [];
  for (;;) {
    const { deleted } = await moveEvents(until(newDeadline(), database), batch);
    moved.push(deleted);
    if (deleted < batch) return moved;
  }
}

const isThere = async () => (await query(`SELECT to_regclass('registration_events')::text AS name`))[0]?.name !== null;

test('events become attempts in bounded batches, and the funnel counts them as before', async () => {
  await commentFrom(`now() + interval '1 hour'`);
  const { id } = await storedInvitation(application, await invite(application, { campaign: `'moved'` }));
  // Of 40 sign-ups every fourth is completed, abandoned, expired, or had its session deleted by hand.
  await insertEvents(`
    SELECT md5(i::text)::uuid, e.event, ${id}, now() - interval '2 days' + i * interval '1 minute' + e.after
    FROM generate_series(1, 40) AS i CROSS JOIN LATERAL (VALUES
      ('verified', interval '0'), ('birthday', interval '10 seconds'), ('name', interval '30 seconds'),
      ((ARRAY['completed', 'abandoned', 'expired'])[i % 4], interval '70 seconds')
    ) AS e (event, after) WHERE e.event IS NOT NULL`);
  const moved = await move(10);
  assert.ok(moved.length > 5 && moved.every((count) => count <= 40), String(moved));
  assert.equal(
    moved.reduce((sum, count) => sum + count, 0),
    150,
  );
  const { body } = await application.send('GET', '/admin/funnel?campaign=moved&by=none', undefined, bearer(application.services.localKey));
  assert.deepEqual(body.totals, { verified: 40, name: 40, birthday: 40, completed: 10, expired: 20, abandoned: 10, under_way: 0 });
  assert.deepEqual(body.median_seconds, { name: 20, birthday: 10, phone: 40 });
});

test('the steps of a live session move to its row, and what is stored there already stays', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  await application.birthday(sessionId, '1990-01-01');
  const before = await storedSession(application, sessionId);
  await insertEvents(`
    SELECT attempt, e.event, "invitationId", created_at + e.after FROM "RegisterSession" CROSS JOIN LATERAL (VALUES
      ('verified', interval '0'), ('name', interval '1 second'), ('birthday', interval '2 seconds')
    ) AS e (event, after) WHERE "sessionId" = '${sessionId}'`);
  assert.deepEqual(await move(10), [3]);
  const session = await storedSession(application, sessionId);
  assert.equal(Number(session?.name_at), Number(before?.created_at) + 1000);
  assert.deepEqual(session?.birthday_at, before?.birthday_at);
  assert.deepEqual(await query('SELECT FROM registration_attempts WHERE attempt = $1', [session?.attempt]), []);
});

test('events of an attempt that is kept already add only what it lacks', async () => {
  const attempt = '00000000-0000-4000-8000-000000000001';
  await query(`INSERT INTO registration_attempts (attempt, invitation_id, verified_at, birthday_at, ended_at, outcome)
    VALUES ('${attempt}', 1, '2026-01-01', '2026-01-03', '2026-01-04', 'completed')`);
  await insertEvents(`VALUES ('${attempt}', 'verified', 1, timestamptz '2026-01-01'), ('${attempt}', 'name', 1, '2026-01-02'),
    ('${attempt}', 'birthday', 1, '2026-01-02')`);
  await move(10);
  const rows = await query(
    `SELECT name_at = '2026-01-02' AS name, birthday_at = '2026-01-03' AS birthday, outcome FROM registration_attempts WHERE attempt = $1`,
    [attempt],
  );
  assert.deepEqual(rows, [{ name: true, birthday: true, outcome: 'completed' }]);
});

test('events without the first one, of a sign-up that began earlier, are not counted', async () => {
  const attempt = '00000000-0000-4000-8000-000000000002';
  await insertEvents(`VALUES ('${attempt}', 'completed', 1, now())`);
  assert.deepEqual(await move(10), [1]);
  assert.deepEqual(await query('SELECT FROM registration_attempts WHERE attempt = $1', [attempt]), []);
});

test('the table is dropped once it is empty and its day is over, and moving goes on finding nothing', async () => {
  assert.deepEqual([await move(10), await isThere()], [[0], true]);
  await commentFrom('now()');
  await insertEvents(`VALUES ('00000000-0000-4000-8000-000000000003', 'verified', 1, now())`);
  assert.deepEqual([await move(10), await isThere()], [[1], true]);
  assert.deepEqual([await move(10), await isThere()], [[0], false]);
  assert.deepEqual(await move(10), [0]);
});
