import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { acknowledgedUsers, countOutcomes, openRacers, type RaceAnswer, type Racer } from '../support/racers.ts';
import { fillIn, insertInvitation, insertReadySessions, readInvitation, readySessionsOf, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invitationLine, raceRound } from '../support/starting-line.ts';

const seats = 5;
const racerCount = 32;
// X-Forwarded-For says where a request comes from.
const pair = await startServerPair({ TRUST_PROXY: 'loopback' });
after(() => pair[Symbol.asyncDispose]());
const open = () =>
  openRacers(
    pair.servers.map((server) => server.url),
    racerCount,
  );
const heldSessions = (answers: readonly RaceAnswer[]) =>
  answers.flatMap(({ body }) => (body.sessionId === undefined ? [] : [body.sessionId]));

test('of 32 people who verify a code with five seats at once five hold one, and all five become users', async () => {
  using racers = await open();
  for (let round = 1; round <= testRounds(5); round += 1) {
    const code = `FIVE-SEATS-${round}`;
    const invitation = await insertInvitation(pair.query, code, seats);

    const answers = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, (racer) => racer.verify(code));

    assert.deepEqual(countOutcomes(answers), { '200': seats, '409 invitation_full': racerCount - seats }, `round ${round}`);
    const sessions = heldSessions(answers);
    await fillIn(pair.query, sessions);
    assert.deepEqual(await readySessionsOf(pair.query, invitation), [...sessions].sort());

    // While the five finish, the others try again: no one gets a seat that is about to be taken, and no holder loses one.
    const finishOrKnock = (racer: Racer, index: number) => {
      const session = sessions[index];
      return session === undefined ? racer.verify(code) : racer.phone(session, samplePhone());
    };
    const second = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, finishOrKnock);
    const completed = second.slice(0, seats);
    assert.deepEqual(countOutcomes(completed), { '200': seats }, `round ${round}: the holder of a seat was refused`);
    const knocked = countOutcomes(second.slice(seats));
    assert.equal(knocked['200'], undefined, `round ${round}: a sixth seat`);
    assert.equal((knocked['409 invitation_full'] ?? 0) + (knocked['410 invitation_used'] ?? 0), racerCount - seats);
    assert.deepEqual(await usersOf(pair.query, invitation), acknowledgedUsers(completed));
    const { is_used, use_count } = await readInvitation(pair.query, invitation);
    assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: seats });
  }
});

test('abandoned and expired seats are all free again', async () => {
  using racers = await open();
  for (let round = 1; round <= testRounds(3); round += 1) {
    const code = `FREE-AGAIN-${round}`;
    const invitation = await insertInvitation(pair.query, code, seats);
    const [left = '', alsoLeft = '', ...staying] = heldSessions(await racers.race((racer) => racer.verify(code)));

    const [racer = assert.fail()] = racers.all;
    assert.equal((await racer.abandon(left)).status, 200);
    assert.equal((await racer.abandon(alsoLeft)).status, 200);
    const taken = await racers.race((one) => one.verify(code));
    assert.deepEqual(countOutcomes(taken), { '200': 2, '409 invitation_full': racerCount - 2 }, `round ${round}: after two were abandoned`);

    // A seat stays held for some seconds after its session expired, so that a last request in flight is not overtaken. Such a request
    // locks its session, which the sweeper then skips.
    await expire(staying, '2 seconds');
    await pair.query('BEGIN');
    await pair.query('SELECT FROM "RegisterSession" WHERE "sessionId" = ANY ($1) FOR UPDATE', [staying]);
    const early = await racers.race((one) => one.verify(code));
    await pair.query('COMMIT');
    assert.deepEqual(countOutcomes(early), { '409 invitation_full': racerCount }, `round ${round}: just expired`);
    await expire(staying, '11 seconds');
    const late = await racers.race((one) => one.verify(code));
    assert.deepEqual(countOutcomes(late), { '200': 3, '409 invitation_full': racerCount - 3 }, `round ${round}: after three expired`);

    const holders = [...heldSessions(taken), ...heldSessions(late)];
    await fillIn(pair.query, [...holders, ...staying]);
    const everybody = [...holders, ...staying, left, alsoLeft];
    const finished = await Promise.all(everybody.map((session, index) => racers.all[index]?.phone(session, samplePhone())));
    const outcomes = countOutcomes(finished.filter((answer) => answer !== undefined));
    assert.deepEqual(outcomes, { '200': seats, '404 session_not_found': 5 }, `round ${round}: the last step`);
    assert.equal((await usersOf(pair.query, invitation)).length, seats);
  }
});

test('32 sessions that finish at once on five seats make five users: the claim decides, not only the hold', async () => {
  using racers = await open();
  for (let round = 1; round <= testRounds(5); round += 1) {
    const invitation = await insertInvitation(pair.query, `OVERBOOKED-${round}`, seats);
    const sessions = await insertReadySessions(pair.query, invitation, racerCount);

    const finish = (racer: Racer, index: number) => racer.phone(sessions[index] ?? '', samplePhone());
    const answers = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, finish);

    assert.deepEqual(countOutcomes(answers), { '200': seats, '410 invitation_used': racerCount - seats }, `round ${round}`);
    const users = acknowledgedUsers(answers);
    assert.deepEqual(await usersOf(pair.query, invitation), users);
    const { is_used, use_count, used_by } = await readInvitation(pair.query, invitation);
    assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: seats });
    assert.ok(used_by !== null && users.includes(used_by));
    const refused = sessions.filter((_, index) => answers[index]?.status !== 200).sort();
    assert.deepEqual(await readySessionsOf(pair.query, invitation), refused, `round ${round}`);
  }
});

const verifyFrom = (racer: Racer, code: string, address: string) =>
  racer.send('POST', '/auth/invitation/verify', { invitation_code: code }, { 'x-forwarded-for': address });
const newcomer = (index: number) => `198.51.100.${index + 1}`;

interface LiveSession {
  readonly id: string;
  readonly has_step: boolean;
  readonly expires_at: Date;
}

async function liveSessions(invitation: number): Promise<LiveSession[]> {
  return pair.query<LiveSession>(
    `SELECT "sessionId" AS id, birthday IS NOT NULL AS has_step, expires_at FROM "RegisterSession" WHERE "invitationId" = $1 AND expires_at > now()`,
    [invitation],
  );
}

test('32 networks that want the seats of one that holds all five get four of them, and five stay held', async () => {
  using racers = await open();
  for (let round = 1; round <= testRounds(5); round += 1) {
    const code = `TAKEN-OVER-${round}`;
    const invitation = await insertInvitation(pair.query, code, seats);
    const [racer = assert.fail()] = racers.all;
    for (let seat = 0; seat < seats; seat += 1) assert.equal((await verifyFrom(racer, code, '203.0.113.7')).status, 200);

    const line = invitationLine(invitation);
    const answers = await raceRound(pair, racers, { round, line }, (one, index) => verifyFrom(one, code, newcomer(index)));

    assert.deepEqual(countOutcomes(answers), { '200': seats - 1, '409 invitation_full': racerCount - seats + 1 }, `round ${round}`);
    const live = await liveSessions(invitation);
    assert.equal(live.length, seats, `round ${round}`);
    for (const session of heldSessions(answers)) assert.ok(live.some(({ id }) => id === session));
  }
});

test('while holders store their first step and others take seats over, each holder either stores the step or loses the seat', async () => {
  using racers = await open();
  const [many, stepping] = [16, 8];
  for (let round = 1; round <= testRounds(10); round += 1) {
    const code = `FIRST-STEP-${round}`;
    const invitation = await insertInvitation(pair.query, code, many);
    const holders: string[] = [];
    const [racer = assert.fail()] = racers.all;
    for (let seat = 0; seat < many; seat += 1) holders.push(...heldSessions([await verifyFrom(racer, code, '203.0.113.7')]));

    // The oldest ones store a step while 24 newcomers want the oldest seats.
    const answers = await racers.race((one, index) =>
      index < stepping
        ? one.send('PUT', '/auth/register/birthday', { session_id: holders[index], birthday: '1990-01-01' })
        : verifyFrom(one, code, newcomer(index)),
    );

    const live = await liveSessions(invitation);
    assert.ok(live.length <= many, `round ${round}: ${live.length} hold ${many} seats`);
    for (const [index, { status, body }] of answers.slice(0, stepping).entries()) {
      assert.ok(status === 200 || body.code === 'session_not_found', `round ${round}: ${status} ${body.code}`);
      const session = live.find(({ id }) => id === holders[index]);
      assert.equal(session?.has_step ?? false, status === 200, `round ${round}: a step was acknowledged and lost, or refused and stored`);
    }
    const came = heldSessions(answers.slice(stepping));
    assert.ok(came.length > 0, `round ${round}: no seat was taken over`);
    for (const session of came) assert.ok(live.some(({ id }) => id === session));
    assert.equal(live.length, many, `round ${round}: each seat that was taken over is held again`);
  }
});

test('holders who ask for more time while 24 newcomers want seats keep what they were told, and five stay held', async () => {
  using racers = await open();
  const renew = (racer: Racer, session = '') =>
    racer.send('POST', '/auth/register/session/renew', undefined, { authorization: `Bearer ${session}` });
  for (let round = 1; round <= testRounds(8); round += 1) {
    const code = `RENEWED-${round}`;
    const invitation = await insertInvitation(pair.query, code, seats);
    const [racer = assert.fail()] = racers.all;
    const holders: string[] = [];
    for (let seat = 0; seat < 4; seat += 1) holders.push(...heldSessions([await verifyFrom(racer, code, '203.0.113.7')]));
    // One seat was never taken; the holder of another one is too late.
    const end = await endAtOneMoment(invitation, '1 minute');
    await expire(holders.slice(3), '11 seconds');

    // Holders go first in half of the rounds.
    const firstHolder = round % 2 === 0 ? 0 : racerCount - 8;
    const answers = await racers.race((one, index) => {
      const place = index - firstHolder;
      return place >= 0 && place < 8 ? renew(one, holders[place % 4]) : verifyFrom(one, code, newcomer(index));
    });

    const renewals = answers.slice(firstHolder, firstHolder + 8);
    const live = await liveSessions(invitation);
    assert.equal(live.length, seats, `round ${round}: ${live.length} hold ${seats} seats`);
    for (const [index, holder] of holders.entries()) {
      const told = [renewals[index], renewals[index + 4]];
      const session = live.find(({ id }) => id === holder);
      if (index === 3)
        assert.deepEqual(
          told.map((answer) => answer?.status),
          [404, 404],
          `round ${round}: a seat that was over came back`,
        );
      if (!session) continue;
      const isRenewed = told.some((answer) => answer?.status === 200);
      assert.equal(session.expires_at.getTime() > end, isRenewed, `round ${round}: an answer and the stored end differ`);
      const late = await renew(racer, holder);
      assert.equal(late.body.code, 'renewal_refused', `round ${round}: renewed while every seat is held`);
    }
  }
});

test('a sign-up that an operator ends while it completes becomes a user or is ended, never both', async () => {
  using racers = await open();
  const made = await runChodae(['key', 'create', '--label', 'ends sign-ups', '--role', 'issuer'], { environment: pair.environment });
  const authorization = `Bearer ${made.stdout.trim()}`;
  const outcomes = { completed: 0, ended: 0 };
  for (let round = 1; round <= testRounds(10); round += 1) {
    const invitation = await insertInvitation(pair.query, `ENDED-${round}`, racerCount);
    const sessions = await insertReadySessions(pair.query, invitation, racerCount / 2);
    const attempts = await pair.query<{ id: string; attempt: string }>(
      'SELECT "sessionId" AS id, attempt FROM "RegisterSession" WHERE "invitationId" = $1',
      [invitation],
    );
    const attemptOf = new Map(attempts.map(({ id, attempt }) => [id, attempt]));
    const answers = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, (racer, index) => {
      const session = sessions[Math.floor(index / 2)] ?? '';
      // Each goes first in half of the rounds.
      const asksFirst = round % 4 < 2 ? 0 : 1;
      if (index % 2 === asksFirst) return racer.phone(session, samplePhone());
      return racer.send('DELETE', `/admin/sessions/${attemptOf.get(session)}`, undefined, { authorization });
    });
    const users = (await usersOf(pair.query, invitation)).length;
    const completions = answers.filter(({ status, body }) => status === 200 && body.userId !== undefined).length;
    const ends = answers.filter(({ status, body }) => status === 200 && body.ended === true).length;
    assert.deepEqual(
      [completions, completions + ends],
      [users, sessions.length],
      `round ${round}: ${JSON.stringify(countOutcomes(answers))}`,
    );
    const [row] = await pair.query<{ entries: number }>(
      `SELECT count(*) AS entries FROM audit_log WHERE action = 'sign_up.end' AND subject_id = ANY ($1)`,
      [[...attemptOf.values()]],
    );
    assert.equal(row?.entries, ends);
    assert.deepEqual(await liveSessions(invitation), []);
    outcomes.completed += completions;
    outcomes.ended += ends;
  }
  assert.ok(outcomes.completed > 0 && outcomes.ended > 0, JSON.stringify(outcomes));
});

/** Moves time instead of waiting. */
async function expire(sessions: readonly string[], ago: string): Promise<void> {
  await pair.query('UPDATE "RegisterSession" SET expires_at = now() - $2::interval WHERE "sessionId" = ANY ($1)', [sessions, ago]);
}

/** @returns the moment at which every session of an invitation now ends, in milliseconds. */
async function endAtOneMoment(invitation: number, later: string): Promise<number> {
  const [row] = await pair.query<{ end: Date }>(
    `WITH moved AS (UPDATE "RegisterSession" SET expires_at = now() + $2::interval WHERE "invitationId" = $1 RETURNING expires_at)
     SELECT max(expires_at) AS end FROM moved`,
    [invitation, later],
  );
  return row?.end.getTime() ?? assert.fail();
}
