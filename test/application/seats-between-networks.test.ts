import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { LimitsConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { type Application, openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { shownLimits } from '../support/rate-limit-fields.ts';
import { type Answer, samplePerson } from '../support/sign-up-client.ts';
import { bearer, invite } from '../support/sign-up-scenes.ts';
import { countUsersOf, storedInvitation, storedSession } from '../support/stored-rows.ts';

const application = await openApplication({ trustedProxies: 1, limits: readConfig({}).limits as LimitsConfig });
after(() => application[Symbol.asyncDispose]());

const attacker = '203.0.113.7';
const visitor = (index: number) => `198.51.100.${index}`;
const from = (address: string) => ({ 'x-forwarded-for': address });
const verifyFrom = (address: string, code: string, on: Application = application) =>
  on.send('POST', '/auth/invitation/verify', { invitation_code: code }, from(address));

/**
 * Opens a sign-up.
 * @returns the session's id.
 */
async function begin(address: string, code: string): Promise<string> {
  const { status, body } = await verifyFrom(address, code);
  assert.equal(status, 200, JSON.stringify(body));
  return String(body.sessionId);
}

async function beginMany(address: string, code: string, count: number): Promise<string[]> {
  const sessions: string[] = [];
  for (let index = 0; index < count; index += 1) sessions.push(await begin(address, code));
  return sessions;
}

async function finish(sessionId: string): Promise<Answer> {
  const { name, password, birthday, phone } = samplePerson();
  assert.equal((await application.name(sessionId, name, password)).status, 200);
  assert.equal((await application.birthday(sessionId, birthday)).status, 200);
  return application.phone(sessionId, phone);
}

/** Moves every session of an invitation so many seconds into the past. */
async function age(code: string, seconds: number): Promise<void> {
  await application.query(
    `UPDATE "RegisterSession" s SET created_at = s.created_at - make_interval(secs => $2), expires_at = s.expires_at - make_interval(secs => $2)
     FROM "Invitation" i WHERE i.id = s."invitationId" AND i.code = $1`,
    [code, seconds],
  );
}

async function liveSessions(code: string): Promise<number> {
  const { id } = await storedInvitation(application, code);
  const [row] = await application.query<{ held: number }>(
    'SELECT count(*) AS held FROM "RegisterSession" WHERE "invitationId" = $1 AND expires_at > now()',
    [id],
  );
  return row?.held ?? 0;
}

test('100 seats that one address takes only by verifying are held for five minutes, then free again', async () => {
  const code = await invite(application, { max_uses: '100' });
  const { id } = await storedInvitation(application, code);
  await beginMany(attacker, code, 100);
  assertRefused(await verifyFrom(attacker, code), 409, 'invitation_full');
  const lives =
    'SELECT DISTINCT extract(epoch FROM expires_at - created_at)::integer AS seconds FROM "RegisterSession" WHERE "invitationId" = $1';
  assert.deepEqual(await application.query(lives, [id]), [{ seconds: 300 }]);
  const endAgo = (seconds: number) =>
    application.query('UPDATE "RegisterSession" SET expires_at = now() - make_interval(secs => $2) WHERE "invitationId" = $1', [
      id,
      seconds,
    ]);
  await endAgo(1);
  assertRefused(await verifyFrom(attacker, code), 409, 'invitation_full');
  await endAgo(10);
  assert.equal((await finish(await begin(attacker, code))).status, 200);
});

test('of 100 seats that one address took by verifying, each newcomer gets the oldest at once, and the address gets none back', async () => {
  const code = await invite(application, { max_uses: '100' });
  const taken = await beginMany(attacker, code, 100);
  for (let index = 1; index <= 30; index += 1) {
    const sessionId = await begin(visitor(index), code);
    assertRefused(await verifyFrom(attacker, code), 409, 'invitation_full');
    assert.equal((await finish(sessionId)).status, 200);
    assert.equal(await liveSessions(code), 100 - index);
    // A used seat is gone: the next newcomer takes over another one.
  }
  assert.equal(await countUsersOf(application, code), 30);
  for (const sessionId of taken.slice(0, 30)) {
    assertRefused(await application.birthday(sessionId, '1990-01-01'), 404, 'session_not_found');
  }
  for (const sessionId of taken.slice(30)) assert.equal((await application.birthday(sessionId, '1990-01-01')).status, 200);
});

test('the person whose seat was taken over can verify again while there is one', async () => {
  const code = await invite(application, { max_uses: '3' });
  const [oldest = ''] = await beginMany(visitor(1), code, 3);
  const newcomer = await begin(visitor(2), code);
  assertRefused(await application.name(oldest, '초대받은 사람', 'seven quiet rivers'), 404, 'session_not_found');
  await application.send('DELETE', '/auth/register/session', undefined, bearer(newcomer));
  assert.equal((await finish(await begin(visitor(1), code))).status, 200);
});

test('a seat whose sign-up has stored a step is never taken over', async () => {
  const code = await invite(application, { max_uses: '4' });
  const [first = '', second = '', third = '', fourth = ''] = await beginMany(attacker, code, 4);
  await application.birthday(first, '1990-01-01');
  await application.name(second, '초대받은 사람', 'seven quiet rivers');
  // A refused step does not count.
  assert.equal((await application.birthday(third, '1990-02-31')).status, 422);
  await begin(visitor(1), code);
  assert.equal(await storedSession(application, third), undefined);
  assertRefused(await verifyFrom(visitor(2), code), 409, 'invitation_full');
  for (const sessionId of [first, second, fourth]) assert.ok(await storedSession(application, sessionId));
});

test('a step that a version without `first_step_at` stored, and a session that it opened, are not taken over', async () => {
  const code = await invite(application, { max_uses: '4' });
  const { id } = await storedInvitation(application, code);
  const [born = '', named = ''] = await beginMany(attacker, code, 2);
  await application.query(`UPDATE "RegisterSession" SET birthday = '1990-01-01' WHERE "sessionId" = $1`, [born]);
  await application.query(`UPDATE "RegisterSession" SET name = 'x' WHERE "sessionId" = $1`, [named]);
  for (const session of ['older-1', 'older-2'])
    await application.query('SELECT * FROM chodae_open_seat_session($1, $2, $3)', [id, session, 600]);
  assertRefused(await verifyFrom(visitor(1), code), 409, 'invitation_full');
  assert.deepEqual(
    await application.query('SELECT * FROM chodae_open_seat_session($1, $2, $3)', [id, 'older-3', 600]).then((rows) => rows.length),
    1,
  );
  assert.equal(await storedSession(application, 'older-3'), undefined);
  assert.equal(await liveSessions(code), 4);
});

test('networks that hold as many, or one more, keep their seats', async () => {
  const code = await invite(application, { max_uses: '4' });
  const held = [...(await beginMany(visitor(1), code, 2)), ...(await beginMany(visitor(2), code, 2))];
  const third = await begin(visitor(3), code);
  // One of the two that held two gave one; now it is 2, 1, 1.
  for (const address of [visitor(1), visitor(2), visitor(3)]) assertRefused(await verifyFrom(address, code), 409, 'invitation_full');
  assert.ok(await storedSession(application, third));
  await begin(visitor(4), code);
  // 1, 1, 1, 1: no more takeovers.
  for (let index = 5; index < 15; index += 1) assertRefused(await verifyFrom(visitor(index), code), 409, 'invitation_full');
  const left = await Promise.all(held.map((sessionId) => storedSession(application, sessionId)));
  assert.equal(left.filter((session) => session !== undefined).length, 2);
});

test('the addresses of one /64 are one network, whatever a client sends', async () => {
  const code = await invite(application, { max_uses: '6' });
  for (let index = 1; index <= 6; index += 1) await begin(`2001:db8:1:2::${index}`, code);
  for (const address of ['2001:db8:1:2:ffff::1', '198.51.100.200, 2001:db8:1:2::77']) {
    assertRefused(await verifyFrom(address, code), 409, 'invitation_full');
  }
  await begin('2001:db8:1:3::1', code);
});

test('unswept expired sessions are neither counted nor taken over instead of a live one', async () => {
  const code = await invite(application, { max_uses: '3' });
  await beginMany(attacker, code, 3);
  await age(code, 400);
  const fresh = await beginMany(visitor(1), code, 3);
  await begin(visitor(2), code);
  const left = await Promise.all(fresh.map((sessionId) => storedSession(application, sessionId)));
  assert.deepEqual(
    left.map((session) => session !== undefined),
    [false, true, true],
  );
  assert.equal(await liveSessions(code), 3);
});

test('80 people behind one address and a code with 80 seats: each of them signs up', async () => {
  const code = await invite(application, { max_uses: '80' });
  const sessions = await beginMany(visitor(250), code, 80);
  // As many at once as a busy machine has connections for.
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let one = sessions.pop(); one !== undefined; one = sessions.pop()) assert.equal((await finish(one)).status, 200);
    }),
  );
  assert.equal(await countUsersOf(application, code), 80);
});

test('a seat is held for SESSION_TTL if that is shorter, and every answer says until when', async () => {
  await using short = await openApplication({ sessionSeconds: 60 });
  const code = await invite(short, { max_uses: '2' });
  const { body } = await short.verify(code);
  const stored = (await storedSession(short, String(body.sessionId))) as { created_at: Date; expires_at: Date };
  assert.equal(stored.expires_at.getTime() - stored.created_at.getTime(), 60_000);
  const shown = await short.send('GET', '/auth/register/session', undefined, bearer(String(body.sessionId)));
  assert.deepEqual([body.expiresAt, shown.body.expiresAt], [stored.expires_at.toISOString(), stored.expires_at.toISOString()]);
});

async function sessionsOf(code: string): Promise<number> {
  const { id } = await storedInvitation(application, code);
  const sql = 'SELECT count(*) AS sessions FROM "RegisterSession" WHERE "invitationId" = $1';
  return (await application.query<{ sessions: number }>(sql, [id]))[0]?.sessions ?? 0;
}

test('one network opens 20 sign-ups on one single-use code, and the next when the oldest ends', async () => {
  const code = await invite(application);
  const [first = ''] = await beginMany(attacker, code, 20);
  await application.query(`UPDATE "RegisterSession" SET expires_at = now() + interval '90 seconds' WHERE "sessionId" = $1`, [first]);
  const refused = await verifyFrom(attacker, code);
  assertRefused(refused, 429, 'rate_limited');
  const seconds = Number(refused.headers.get('retry-after'));
  assert.ok(seconds > 0 && seconds <= 90, String(seconds));
  assert.deepEqual(Object.keys(shownLimits(refused.headers, 429)), ['sign-ups-of-code']);
  for (let times = 0; times < 50; times += 1) assert.equal((await verifyFrom(attacker, code)).status, 429);
  assert.equal(await sessionsOf(code), 20);
  // Another spelling of the code is the same invitation; another network and another code are not.
  assert.equal((await verifyFrom(attacker, code.toUpperCase())).status, 429);
  assert.equal((await verifyFrom(visitor(1), code)).status, 200);
  await begin(attacker, await invite(application));
  // Sign-ups in progress continue.
  assert.equal((await application.birthday(first, '1990-01-01')).status, 200);
  await application.query(`UPDATE "RegisterSession" SET expires_at = now() WHERE "sessionId" = $1`, [first]);
  assert.equal((await finish(await begin(attacker, code))).status, 200);
});

test('200 verifications of one single-use code from one network, 20 at once, open little more than 20 sign-ups', async () => {
  const code = await invite(application);
  const answers: Answer[] = [];
  // In waves: of 200 at one moment a busy machine refuses most with 503.
  for (let wave = 0; wave < 10; wave += 1) {
    answers.push(...(await Promise.all(Array.from({ length: 20 }, () => verifyFrom('203.0.113.50', code)))));
  }
  assert.ok(answers.some(({ body }) => body.code === 'rate_limited'));
  // Concurrent statements do not see each other: as many as there are connections.
  const opened = await liveSessions(code);
  assert.ok(opened >= 20 && opened <= 30, String(opened));
  assert.equal(await sessionsOf(code), opened);
});

test('with RATE_LIMIT=off a single-use code takes any number, and seats are shared between networks all the same', async () => {
  await using unlimited = await openApplication({ trustedProxies: 1 });
  const single = await invite(unlimited);
  for (let times = 0; times < 25; times += 1) assert.equal((await verifyFrom(attacker, single, unlimited)).status, 200);
  const several = await invite(unlimited, { max_uses: '3' });
  for (let times = 0; times < 3; times += 1) assert.equal((await verifyFrom(attacker, several, unlimited)).status, 200);
  assert.equal((await verifyFrom(visitor(1), several, unlimited)).status, 200);
});

test('a session stores a hash that reveals neither the address nor that two invitations saw the same network', async () => {
  const [one, two] = [await invite(application), await invite(application, { max_uses: '5' })];
  const keys: unknown[] = [];
  for (const code of [one, two, two]) keys.push((await storedSession(application, await begin(visitor(9), code)))?.network_key);
  for (const key of keys) assert.match(String(key), /^[0-9a-f]{16}$/);
  assert.deepEqual([keys[0] === keys[1], keys[1] === keys[2]], [false, true]);
});
