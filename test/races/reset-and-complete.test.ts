import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { originalSql } from '../support/original-database.ts';
import { acknowledgedUsers, countOutcomes, openRacers, type RaceAnswer, type Racer } from '../support/racers.ts';
import { insertInvitation, insertReadySessions, readInvitation, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invitationLine, raceRound, revocationLine } from '../support/starting-line.ts';

const racerCount = 32;
const resets = 12;
/** Seconds after which no more resets come. */
const patienceSeconds = 20;
const pair = await startServerPair();
after(() => pair[Symbol.asyncDispose]());
const urls = pair.servers.map((server) => server.url);

/** The statement of the original names its code. */
async function newTestCode(): Promise<number> {
  await pair.query(`DELETE FROM "Invitation" WHERE code = 'TEST001'`);
  return insertInvitation(pair.query, 'TEST001');
}

/** Sends the last request until this racer has the seat or no more resets come. */
async function insist(racer: Racer, session: string, phone: string, isOver: () => boolean): Promise<RaceAnswer> {
  for (;;) {
    // Read before the request: an error after the last reset is final.
    const wasOver = isOver();
    const answer = await racer.phone(session, phone);
    if (answer.status === 200 || wasOver) return answer;
    assert.equal(answer.body.code, 'invitation_used');
  }
}

/** The original's own statement, between others that tell whether the seat was taken; the row is locked from before it to the end. */
async function resetLikeTheOriginal(): Promise<boolean> {
  await pair.query('BEGIN');
  const [before] = await pair.query<{ is_used: boolean }>(`SELECT is_used FROM "Invitation" WHERE code = 'TEST001' FOR UPDATE`);
  await pair.query(originalSql.resetOneCode);
  await pair.query('COMMIT');
  return before?.is_used === true;
}

test("each reset by the original's SQL admits exactly one more person, however many are at the last step", async () => {
  using racers = await openRacers(urls, racerCount);
  for (let round = 1; round <= testRounds(3); round += 1) {
    const invitation = await newTestCode();
    const sessions = await insertReadySessions(pair.query, invitation, racerCount);
    let isOver = false;
    const racing = racers.race((racer, index) => insist(racer, sessions[index] ?? '', samplePhone(), () => isOver));

    let opened = 1;
    const deadline = Date.now() + patienceSeconds * 1000;
    while (opened < 1 + resets && Date.now() < deadline) if (await resetLikeTheOriginal()) opened += 1;
    isOver = true;
    const answers = await racing;

    assert.equal(opened, 1 + resets, `round ${round}: no one got the seat after a reset`);
    assert.deepEqual(countOutcomes(answers), { '200': opened, '410 invitation_used': racerCount - opened }, `round ${round}`);
    const users = acknowledgedUsers(answers);
    assert.deepEqual(await usersOf(pair.query, invitation), users);
    const { is_used, use_count, used_by } = await readInvitation(pair.query, invitation);
    assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: 1 });
    assert.ok(used_by !== null && users.includes(used_by));
  }
});

test('a reset code admits one of 32 concurrent people, each time', async () => {
  using racers = await openRacers(urls, racerCount);
  const invitation = await newTestCode();
  const users: number[] = [];
  for (let round = 1; round <= testRounds(5); round += 1) {
    const sessions = await insertReadySessions(pair.query, invitation, racerCount);
    await pair.query(originalSql.resetOneCode);
    const finish = (racer: Racer, index: number) => racer.phone(sessions[index] ?? '', samplePhone());
    const answers = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, finish);
    assert.deepEqual(countOutcomes(answers), { '200': 1, '410 invitation_used': racerCount - 1 }, `round ${round}`);
    users.push(...acknowledgedUsers(answers));
    assert.deepEqual(await usersOf(pair.query, invitation), users);
  }
});

test('once a revocation is committed no user is created, whatever is in progress', async (context) => {
  using racers = await openRacers(urls, racerCount);
  let before = 0;
  const rounds = testRounds(5);
  for (let round = 1; round <= rounds; round += 1) {
    const invitation = await insertInvitation(pair.query, `REVOKED-${round}`, 1_000);
    const sessions = await insertReadySessions(pair.query, invitation, racerCount * 4);
    let revoked: Promise<number> | undefined;
    // Each racer has four sessions to finish; the revocation comes while a second one is in progress.
    const racing = racers.race(async (racer, index) => {
      const answers: RaceAnswer[] = [];
      for (const [turn, session] of sessions.slice(index * 4, index * 4 + 4).entries()) {
        if (turn === 1 && index === round % racerCount) revoked = revoke(invitation);
        answers.push(await racer.phone(session, samplePhone()));
      }
      return answers;
    });
    const answers = (await racing).flat();
    // The revocation holds the row's lock: the uses that it saw are final.
    const usesAtRevocation = await (revoked ?? assert.fail());
    const users = acknowledgedUsers(answers);

    assert.deepEqual(await usersOf(pair.query, invitation), users, `round ${round}`);
    assert.equal(users.length, usesAtRevocation, `round ${round}: users made after the revocation was committed`);
    const expected = { '200': users.length, '410 invitation_revoked': sessions.length - users.length };
    assert.deepEqual(countOutcomes(answers), expected, `round ${round}`);
    before += users.length;

    const late = await racers.race((racer, index) => racer.phone(sessions[index + racerCount * 3] ?? '', samplePhone()));
    assert.equal(acknowledgedUsers(late).filter((id) => !users.includes(id)).length, 0, 'after the revocation was acknowledged');
  }
  context.diagnostic(`${before} of ${rounds * racerCount * 4} sign-ups were completed before the revocation`);
});

test('a request that waits for the seat while a revocation is committed does not get it', async () => {
  using racers = await openRacers(urls, racerCount);
  // Each round from the line: the statements began before the commit, and see it only if they read again.
  for (const round of [1, 3, 5]) {
    const invitation = await insertInvitation(pair.query, `WAITING-${round}`, 1_000);
    const sessions = await insertReadySessions(pair.query, invitation, racerCount);
    const finish = (racer: Racer, index: number) => racer.phone(sessions[index] ?? '', samplePhone());
    const answers = await raceRound(pair, racers, { round, line: revocationLine(invitation) }, finish);
    assert.deepEqual(countOutcomes(answers), { '410 invitation_revoked': racerCount });
    assert.deepEqual(await usersOf(pair.query, invitation), []);
  }
});

async function revoke(invitation: number): Promise<number> {
  const [row] = await pair.query<{ use_count: number }>('UPDATE "Invitation" SET revoked_at = now() WHERE id = $1 RETURNING use_count', [
    invitation,
  ]);
  return row?.use_count ?? assert.fail();
}
