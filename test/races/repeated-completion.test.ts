import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { acknowledgedUsers, countOutcomes, openRacers, type Racer } from '../support/racers.ts';
import { insertInvitation, insertReadySessions, readInvitation, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { raceRound, sessionLine } from '../support/starting-line.ts';

const pair = await startServerPair();
after(() => pair[Symbol.asyncDispose]());
// With one seat the claim alone would stop a second user; with five seats only the session's lock does.
const seatCounts = [1, 5];
const urls = () => pair.servers.map((server) => server.url);

/** What remains of one completed sign-up: one user, one used seat, one receipt, no session. */
async function assertCompletedOnce(invitation: number, session: string, userId: number | undefined, seats: number) {
  assert.deepEqual(await usersOf(pair.query, invitation), [userId]);
  const row = await readInvitation(pair.query, invitation);
  assert.deepEqual(row, { id: invitation, is_used: seats === 1, use_count: 1, used_by: userId });
  const left = await pair.query(
    `SELECT (SELECT count(*) FROM "RegisterSession" WHERE "sessionId" = $1) AS sessions,
       (SELECT count(*) FROM registration_receipts WHERE session_id = $1 AND user_id = $2) AS receipts`,
    [session, userId],
  );
  assert.deepEqual(left, [{ sessions: 0, receipts: 1 }]);
}

test('the last request sent ten times at once, and again after a restart, makes one user', async () => {
  const phone = samplePhone();
  const tenTimes = async (session: string) => {
    using racers = await openRacers(urls(), 10);
    return await raceRound(pair, racers, { round: 1, line: sessionLine(session) }, (racer) => racer.phone(session, phone));
  };
  const signUps = [];
  for (const seats of seatCounts) {
    const invitation = await insertInvitation(pair.query, `REPEATED-${seats}`, seats);
    const [session = ''] = await insertReadySessions(pair.query, invitation, 1);
    const answers = await tenTimes(session);
    assert.deepEqual(countOutcomes(answers), { '200': 10 });
    const [userId, ...others] = acknowledgedUsers(answers);
    assert.deepEqual(others, []);
    signUps.push({ seats, invitation, session, userId, answers });
  }
  await pair.restart();
  for (const { seats, invitation, session, userId, answers } of signUps) {
    assert.deepEqual(await tenTimes(session), answers);
    await assertCompletedOnce(invitation, session, userId, seats);
  }
});

test('one session finished 32 times at once, over two servers, makes one user', async () => {
  using racers = await openRacers(urls(), 32);
  for (let round = 1; round <= testRounds(5); round += 1) {
    for (const seats of seatCounts) {
      const invitation = await insertInvitation(pair.query, `ONE-SESSION-${seats}-${round}`, seats);
      const [session = ''] = await insertReadySessions(pair.query, invitation, 1);
      const phone = samplePhone();

      const answers = await raceRound(pair, racers, { round, line: sessionLine(session) }, (racer) => racer.phone(session, phone));

      assert.deepEqual(countOutcomes(answers), { '200': 32 }, `round ${round}, seats: ${seats}`);
      const [userId, ...others] = acknowledgedUsers(answers);
      assert.deepEqual(others, [], `round ${round}, seats: ${seats}`);
      await assertCompletedOnce(invitation, session, userId, seats);
    }
  }
});

test('one session finished concurrently with 32 different numbers makes one user, and the others get session_completed', async () => {
  using racers = await openRacers(urls(), 32);
  for (let round = 1; round <= testRounds(5); round += 1) {
    const invitation = await insertInvitation(pair.query, `NUMBERS-${round}`, 5);
    const [session = ''] = await insertReadySessions(pair.query, invitation, 1);
    const phones = racers.all.map(() => samplePhone());

    const finish = (racer: Racer, index: number) => racer.phone(session, phones[index] ?? '');
    const answers = await raceRound(pair, racers, { round, line: sessionLine(session) }, finish);

    assert.deepEqual(countOutcomes(answers), { '200': 1, '409 session_completed': 31 }, `round ${round}`);
    const [userId] = acknowledgedUsers(answers);
    await assertCompletedOnce(invitation, session, userId, 5);
    const winner = answers.findIndex((answer) => answer.status === 200);
    assert.deepEqual(await pair.query('SELECT phone FROM "User" WHERE id = $1', [userId]), [{ phone: phones[winner] }]);
  }
});
