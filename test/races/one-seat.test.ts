import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acknowledgedUsers, countOutcomes, openRacers, type Racer } from '../support/racers.ts';
import { fillIn, insertInvitation, readInvitation, readySessionsOf, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invitationLine, raceRound } from '../support/starting-line.ts';

const racerCount = 32;

test('of 32 people who finish with one single-use code at once, over two servers, one becomes a user', async (context) => {
  await using pair = await startServerPair();
  const urls = pair.servers.map((server) => server.url);
  using racers = await openRacers(urls, racerCount);
  const winningServers = new Set<number>();

  for (let round = 1; round <= testRounds(5); round += 1) {
    const invitation = await insertInvitation(pair.query, `ONE-SEAT-${round}`);
    const opened = await racers.race((racer) => racer.verify(`ONE-SEAT-${round}`));
    const sessions = opened.map((answer) => answer.body.sessionId ?? assert.fail('a single-use code holds no seat: all may begin'));
    await fillIn(pair.query, sessions);
    const phones = sessions.map(() => samplePhone());

    const finish = (racer: Racer, index: number) => racer.phone(sessions[index] ?? '', phones[index] ?? '');
    const answers = await raceRound(pair, racers, { round, line: invitationLine(invitation) }, finish);

    assert.deepEqual(countOutcomes(answers), { '200': 1, '410 invitation_used': racerCount - 1 }, `round ${round}`);
    const [userId] = acknowledgedUsers(answers);
    const winner = answers.findIndex((answer) => answer.status === 200);
    winningServers.add(winner % urls.length);
    const users = await pair.query('SELECT id, phone FROM "User" WHERE "invitationId" = $1', [invitation]);
    assert.deepEqual(users, [{ id: userId, phone: phones[winner] }], `round ${round}`);
    assert.deepEqual(await readInvitation(pair.query, invitation), { id: invitation, is_used: true, use_count: 1, used_by: userId });
    // A refused person keeps the entered data: the operator may reset the code.
    const refused = sessions.filter((_, index) => index !== winner).sort();
    assert.deepEqual(await readySessionsOf(pair.query, invitation), refused, `round ${round}`);

    assert.deepEqual(await racers.race(finish), answers, 'a repeated request gets the same answer');
    assert.deepEqual(await usersOf(pair.query, invitation), [userId]);
  }
  context.diagnostic(`rounds won by ${winningServers.size} of ${urls.length} servers`);
});
