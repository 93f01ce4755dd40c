import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { emptyDatabase } from '../support/empty-database.ts';
import { isLongForm, recordFault } from '../support/fault-record.ts';
import { insertInvitation, insertReadySessions } from '../support/ready-sessions.ts';
import { startServer } from '../support/server-process.ts';
import { samplePerson, samplePhone, signUpClient } from '../support/sign-up-client.ts';
import { storeOperator } from '../support/stored-operator.ts';

const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib', '/usr/lib64', '/usr/local/lib'];
const library = folders.map((folder) => `${folder}/faketime/libfaketimeMT.so.1`).find((file) => existsSync(file));
const skip = library ? false : 'no libfaketime on this machine (Debian: faketime)';

const hour = 3_600_000;
/** What the clock of each replica says, beside the right one. */
const wrong = ['+2h', '-2h'] as const;
/** Seconds within which a replica with a wrong clock has swept once at least: the first round comes within five after its start. */
const firstSweep = isLongForm ? 90 : 8;

test('three replicas whose clocks are two hours ahead, right, and two hours behind agree about every expiry', { skip }, async (context) => {
  await using database = await emptyDatabase('postgresql');
  const { query } = database;
  const start = (fake: Readonly<Record<string, string>>) =>
    startServer({ environment: { ...database.environment, BCRYPT_COST: '10', RATE_LIMIT: 'on', LOG_LEVEL: 'warn', ...fake } });
  await using right = await start({});
  const headers = await storeOperator(query);
  const invitation = await insertInvitation(query, 'CLOCK', 100);
  // For the sweepers of the replicas that start now.
  const sessions = await insertReadySessions(query, invitation, 6);
  const [alive = '', , , dead = ''] = sessions;
  await query(`UPDATE "RegisterSession" SET expires_at = now() + interval '10 minutes'`);
  await query(`UPDATE "RegisterSession" SET expires_at = now() - interval '1 second' WHERE "sessionId" = $1`, [dead]);
  await query(
    `INSERT INTO idempotency_keys (operator_id, key, request_hash, created_at)
     VALUES (99, 'young', '', now() - interval '23 hours 30 minutes'), (99, 'old', '', now() - interval '24 hours 1 second')`,
  );
  await query(
    `INSERT INTO rate_limits (key, points, expires_at) VALUES ('full', 9, now() + interval '1 hour'), ('over', 9, now() - interval '1 second')`,
  );
  const fakes = wrong.map((offset) => ({ LD_PRELOAD: library ?? '', FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' }));
  await using ahead = await start(fakes[0] ?? {});
  await using behind = await start(fakes[1] ?? {});
  const all = [ahead, right, behind];
  const clients = all.map(({ url }) => signUpClient(url));
  const offsets = await Promise.all(
    all.map(async ({ url }) => Date.parse((await fetch(`${url}/healthz`)).headers.get('date') ?? '') - Date.now()),
  );
  assert.deepEqual(
    offsets.map((offset) => `${Math.round(offset / hour)}`),
    ['2', '0', '-2'],
    'the clocks are not as wrong as they should be',
  );

  for (const client of clients) {
    const shown = await client.verify('CLOCK');
    assert.equal(shown.status, 200);
    const [stored] = await query<{ at: Date; life: number }>(
      `SELECT expires_at AS at, extract(epoch FROM expires_at - now())::float8 AS life FROM "RegisterSession" WHERE "sessionId" = $1`,
      [shown.body.sessionId],
    );
    assert.equal(shown.body.expiresAt, stored?.at.toISOString());
    assert.ok(stored && stored.life > 60 && stored.life < 3_600);
    const name = samplePerson();
    // Renewed by whichever replica: from the database's now.
    const saved = await client.name(shown.body.sessionId ?? '', name.name, name.password);
    assert.equal(saved.status, 200);
  }

  const show = (session: string) =>
    Promise.all(clients.map((client) => client.send('GET', '/auth/register/session', undefined, { authorization: `Bearer ${session}` })));
  assert.deepEqual(
    (await show(alive)).map(({ status }) => status),
    [200, 200, 200],
  );
  assert.deepEqual(
    (await show(dead)).map(({ body }) => body.code),
    ['session_not_found', 'session_not_found', 'session_not_found'],
  );
  await query(
    `INSERT INTO "Invitation" (code, expires_at) VALUES ('CLOCK-OPEN', now() + interval '1 hour'), ('CLOCK-OVER', now() - interval '1 second')`,
  );
  await query(`INSERT INTO "Invitation" (code, starts_at) VALUES ('CLOCK-SOON', now() + interval '1 hour')`);
  for (const client of clients) {
    const codes = [await client.verify('CLOCK-OPEN'), await client.verify('CLOCK-OVER'), await client.verify('CLOCK-SOON')];
    assert.deepEqual(
      codes.map(({ status, body }) => body.code ?? status),
      [200, 'invitation_expired', 'invitation_not_started'],
    );
  }
  // Operators: a key that is good for an hour, and an answer kept per Idempotency-Key, whichever replica is asked again.
  const create = { method: 'POST', body: JSON.stringify({ count: 1 }) };
  const made = await Promise.all(
    all.map(async ({ url }) => {
      const answer = await fetch(`${url}/admin/invitations`, {
        ...create,
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': 'the same' },
      });
      return answer.text();
    }),
  );
  assert.equal(new Set(made).size, 1);

  await delay(firstSweep * 1000);
  const left = async (sql: string) => (await query<{ found: string }>(sql)).map(({ found }) => found);
  assert.deepEqual(await left(`SELECT key AS found FROM idempotency_keys WHERE operator_id = 99`), ['young']);
  assert.deepEqual(await left(`SELECT key AS found FROM rate_limits WHERE key IN ('full', 'over')`), ['full']);
  const kept = await left(`SELECT "sessionId" AS found FROM "RegisterSession"`);
  const shouldBe = sessions.filter((session) => session !== dead);
  assert.deepEqual(
    shouldBe.filter((session) => !kept.includes(session)),
    [],
    'sessions were swept early',
  );
  assert.ok(!kept.includes(dead), 'a session was swept late');
  for (const [index, client] of clients.entries()) assert.equal((await client.phone(sessions[index] ?? '', samplePhone())).status, 200);

  const summary = 'the same answers from all three; `expiresAt` is the stored one; nothing swept early or late';
  context.diagnostic(summary);
  recordFault({
    name: 'wrong-clock',
    fault: 'three replicas, the clock of one two hours ahead and of one two hours behind (libfaketime)',
    demand:
      'sessions, invitations, keys per Idempotency-Key and counted limits expire by the database’s clock, whichever replica is asked and whichever sweeps',
    seen: summary,
  });
});
