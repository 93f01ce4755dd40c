import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acknowledgedUsers, countOutcomes, openRacers, type RaceAnswer, type Racer, type Racers } from '../support/racers.ts';
import { insertInvitation, insertReadySessions, readInvitation, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { type ServerPair, startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invitationLine, raceRound } from '../support/starting-line.ts';
import { storeOperator } from '../support/stored-operator.ts';

const racerCount = 32;
let pair: ServerPair;
let racers: Racers;
let authorization = '';

before(async () => {
  pair = await startServerPair();
  authorization = (await storeOperator(pair.query, 'issuer')).authorization;
  racers = await openRacers(
    pair.servers.map((server) => server.url),
    racerCount,
  );
});
after(async () => {
  racers?.[Symbol.dispose]();
  await pair?.[Symbol.asyncDispose]();
});

const change = (racer: Racer, id: number, ifMatch: string, body: object) =>
  racer.send('PATCH', `/admin/invitations/${id}`, body, { authorization, 'if-match': ifMatch });

async function auditedChanges(id: number): Promise<number> {
  const sql = `SELECT count(*) AS entries FROM audit_log WHERE action = 'invitation.update' AND subject_id = $1`;
  const [row] = await pair.query<{ entries: number }>(sql, [String(id)]);
  return row?.entries ?? 0;
}

test('of 32 operators who change what they have read at once, over two servers, one succeeds and the others get invitation_changed', async () => {
  for (let round = 1; round <= testRounds(5); round += 1) {
    const id = await insertInvitation(pair.query, `CHANGED-${round}`, 5);
    const [first = assert.fail()] = racers.all;
    const { body } = await first.send('GET', `/admin/invitations/${id}`, undefined, { authorization });
    const tag = `"${String(body.version)}"`;
    const answers = await raceRound(pair, racers, { round, line: invitationLine(id) }, (racer, index) =>
      change(racer, id, tag, { note: `note of ${index}` }),
    );
    // An invitation has a member `code` too.
    const refused = answers.filter(({ status }) => status !== 200);
    assert.deepEqual(countOutcomes(refused), { '412 invitation_changed': racerCount - 1 }, `round ${round}`);
    const winner = answers.findIndex(({ status }) => status === 200);
    const { body: now } = await first.send('GET', `/admin/invitations/${id}`, undefined, { authorization });
    assert.equal(now.note, `note of ${winner}`);
    assert.equal(await auditedChanges(id), 1);
  }
});

test('removing seats while people finish gives never more users than seats, and no failures', async () => {
  for (let round = 1; round <= testRounds(5); round += 1) {
    const id = await insertInvitation(pair.query, `FEWER-${round}`, 20);
    const sessions = await insertReadySessions(pair.query, id, racerCount);
    let changed: RaceAnswer | undefined;
    const answers = await raceRound(pair, racers, { round, line: invitationLine(id) }, async (racer, index) => {
      if (index !== (round * 5) % racerCount) return racer.phone(sessions[index] ?? '', samplePhone());
      changed = await change(racer, id, '*', { max_uses: 8 });
      return changed;
    });
    const people = answers.filter((answer) => answer !== changed);
    const users = acknowledgedUsers(people);
    const outcome = changed?.status === 200 ? 'fewer' : String(changed?.body.code);
    assert.ok(outcome === 'fewer' || outcome === 'seats_in_use', `round ${round}: ${outcome}`);
    const seats = outcome === 'fewer' ? 8 : 20;
    assert.equal(users.length, seats, `round ${round}: ${outcome}`);
    assert.deepEqual(countOutcomes(people), { '200': seats, '410 invitation_used': racerCount - 1 - seats });
    assert.deepEqual(await usersOf(pair.query, id), users);
    const { is_used, use_count } = await readInvitation(pair.query, id);
    assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: seats });
  }
});

test('adding seats to a used-up invitation admits exactly so many more', async () => {
  for (let round = 1; round <= testRounds(5); round += 1) {
    const id = await insertInvitation(pair.query, `MORE-${round}`, 2);
    const sessions = await insertReadySessions(pair.query, id, racerCount);
    const [operator = assert.fail()] = racers.all;
    for (const session of sessions.slice(0, 2)) assert.equal((await operator.phone(session, samplePhone())).status, 200);
    const later = sessions.slice(2);
    const answers = await raceRound(pair, racers, { round, line: invitationLine(id) }, (racer, index) =>
      index === 0 ? change(racer, id, '*', { max_uses: 7 }) : racer.phone(later[index] ?? later[0] ?? '', samplePhone()),
    );
    assert.equal(answers[0]?.status, 200);
    // A request that came before the new seats is repeated.
    const again = await racers.race((racer, index) => racer.phone(later[index] ?? later[0] ?? '', samplePhone()));
    assert.equal((await usersOf(pair.query, id)).length, 7, `round ${round}`);
    assert.ok(again.every(({ status }) => [200, 409, 410].includes(status)));
    const { is_used, use_count } = await readInvitation(pair.query, id);
    assert.deepEqual({ is_used, use_count }, { is_used: true, use_count: 7 });
  }
});
