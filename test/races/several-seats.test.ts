import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { acknowledgedUsers, countOutcomes, openRacers, type RaceAnswer, type Racer } from '../support/racers.ts';
import { fillIn, insertInvitation, insertReadySessions, readInvitation, readySessionsOf, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invitationLine, raceRound } from '../support/starting-line.ts';

const seats = 5;
const racerCount = 32;
const pair = await startServerPair();
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

    // While the five finish, the others knock again: nobody gets a seat that is about to be taken, and no holder loses one.
    const finishOrKnock = (racer: Racer, index: number) => {
      const session = sessions[index];
      return session === undefined ? racer.verify(code) : racer.phone(session, samplePhone());
    };
    const second = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, finishOrKnock);
    const completed = second.slice(0, seats);
    assert.deepEqual(countOutcomes(completed), { '200': seats }, `round ${round}: whoever held a seat was refused it`);
    const knocked = countOutcomes(second.slice(seats));
    assert.equal(knocked['200'], undefined, `round ${round}: a sixth seat`);
    assert.equal((knocked['409 invitation_full'] ?? 0) + (knocked['410 invitation_used'] ?? 0), racerCount - seats);
    assert.deepEqual(await usersOf(pair.query, invitation), acknowledgedUsers(completed));
    const { is_used, use_count } = await readInvitation(pair.query, invitation);
    assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: seats });
  }
});

test('seats that were abandoned or have expired are free again, as many as there were', async () => {
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

    // A seat stays held for some seconds after its session expired, so that a last request under way is not overtaken.
    await expire(staying, '2 seconds');
    const early = await racers.race((one) => one.verify(code));
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

test('32 sessions that finish at once on five seats make five users: the claim guards, and not only the hold', async () => {
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

/** Time is moved, not waited for. */
async function expire(sessions: readonly string[], ago: string): Promise<void> {
  await pair.query('UPDATE "RegisterSession" SET expires_at = now() - $2::interval WHERE "sessionId" = ANY ($1)', [sessions, ago]);
}
