import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledgedUsers, countOutcomes, openRacers, type Racer } from '../support/racers.ts';
import { insertInvitation, insertReadySessions, readInvitation, readySessionsOf, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { phoneLine, raceRound } from '../support/starting-line.ts';

test('if a number may have one account, one of 32 people with that number gets it, and the codes of the others stay usable', async () => {
  await using pair = await startServerPair({ PHONE_UNIQUE: 'on' });
  const urls = pair.servers.map((server) => server.url);
  using racers = await openRacers(urls, 32);

  for (let round = 1; round <= testRounds(3); round += 1) {
    const invitations: number[] = [];
    const sessions: string[] = [];
    for (const index of racers.all.keys()) {
      const invitation = await insertInvitation(pair.query, `PHONE-${round}-${index}`);
      invitations.push(invitation);
      sessions.push(...(await insertReadySessions(pair.query, invitation, 1)));
    }
    const phone = samplePhone();

    const e164 = `+82${phone.replaceAll('-', '').slice(1)}`;
    const finish = (racer: Racer, index: number) => racer.phone(sessions[index] ?? '', phone);
    const answers = await raceRound(pair, racers, { round, line: phoneLine(e164) }, finish);

    assert.deepEqual(countOutcomes(answers), { '200': 1, '409 phone_taken': 31 }, `round ${round}`);
    const [userId] = acknowledgedUsers(answers);
    const accounts = await pair.query('SELECT id FROM "User" WHERE phone_key = $1', [e164]);
    assert.deepEqual(accounts, [{ id: userId }]);
    for (const [index, answer] of answers.entries()) {
      const id = invitations[index] ?? 0;
      const isWinner = answer.status === 200;
      const expected = isWinner ? { is_used: true, use_count: 1, used_by: userId } : { is_used: false, use_count: 0, used_by: null };
      assert.deepEqual(await readInvitation(pair.query, id), { id, ...expected });
      assert.deepEqual(await readySessionsOf(pair.query, id), isWinner ? [] : [sessions[index]]);
    }

    // With their own numbers the same sessions complete; the winner's is already completed.
    const second = await racers.race((racer, index) => racer.phone(sessions[index] ?? '', samplePhone()));
    assert.deepEqual(countOutcomes(second), { '200': 31, '409 session_completed': 1 });
    for (const id of invitations) assert.equal((await usersOf(pair.query, id)).length, 1);
  }
});
