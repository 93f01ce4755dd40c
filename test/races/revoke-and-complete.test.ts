import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { acknowledgedUsers, countOutcomes, openRacers, type RaceAnswer, type Racer, type Racers } from '../support/racers.ts';
import { insertReadySessions, usersOf } from '../support/ready-sessions.ts';
import { testRounds } from '../support/rounds.ts';
import { type ServerPair, startServerPair } from '../support/server-pair.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { countWaiting } from '../support/starting-line.ts';
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
  await countUsersAtRevocation();
});
after(async () => {
  racers?.[Symbol.dispose]();
  await pair?.[Symbol.asyncDispose]();
});

/**
 * Makes a revocation write down, as the last thing before its commit, how many users there are. If more appear later, they were created by
 * a transaction that committed afterwards.
 */
async function countUsersAtRevocation(): Promise<void> {
  await pair.query(`CREATE TABLE revocations (subject text PRIMARY KEY, users integer NOT NULL)`);
  await pair.query(`CREATE FUNCTION note_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_TABLE_NAME = 'campaigns' THEN
        INSERT INTO revocations SELECT NEW.name, count(*) FROM "User" u JOIN "Invitation" i ON i.id = u."invitationId" WHERE i.campaign = NEW.name;
      ELSE
        INSERT INTO revocations SELECT NEW.code, count(*) FROM "User" u WHERE u."invitationId" = NEW.id;
      END IF;
      RETURN NULL;
    END $$`);
  for (const table of ['campaigns', '"Invitation"']) {
    await pair.query(`CREATE CONSTRAINT TRIGGER note_revocation AFTER UPDATE OF revoked_at ON ${table} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION note_revocation()`);
  }
}

async function usersAtRevocation(subject: string): Promise<number> {
  const [row] = await pair.query<{ users: number }>('SELECT users FROM revocations WHERE subject = $1', [subject]);
  return row?.users ?? assert.fail('it was not revoked');
}

async function invite(code: string, campaign: string, seats = 1_000): Promise<number> {
  await pair.query('INSERT INTO campaigns (name) VALUES ($1) ON CONFLICT DO NOTHING', [campaign]);
  const sql = 'INSERT INTO "Invitation" (code, campaign, max_uses) VALUES ($1, $2, $3) RETURNING id';
  const [row] = await pair.query<{ id: number }>(sql, [code, campaign, seats]);
  return row?.id ?? assert.fail();
}

const revokeCampaign = (racer: Racer, campaign: string) =>
  racer.send('POST', `/admin/campaigns/${encodeURIComponent(campaign)}/revoke`, undefined, { authorization });
const revokeInvitation = (racer: Racer, id: number) => racer.send('POST', `/admin/invitations/${id}/revoke`, undefined, { authorization });

test('a campaign of 100,000 is revoked in one row, and the next request of any step is refused on both servers', async (context) => {
  const campaign = '십만/초대';
  const id = await invite('HUNDRED-THOUSAND', campaign);
  await pair.query(`INSERT INTO "Invitation" (code, campaign) SELECT 'HT-' || n, $1 FROM generate_series(1, 100000) n`, [campaign]);
  const [first = assert.fail(), second = assert.fail()] = racers.all;
  for (const racer of [first, second]) assert.equal((await racer.verify('HUNDRED-THOUSAND')).status, 200);
  const ready = await insertReadySessions(pair.query, id, 2);
  const requests: readonly ((racer: Racer, session: string) => Promise<RaceAnswer>)[] = [
    (racer) => racer.verify('HT-1'),
    (racer) => racer.verify('HT-100000'),
    (racer, session) => racer.send('PUT', '/auth/register/name', { session_id: session, name: '누군가', password: 'seven quiet rivers' }),
    (racer, session) => racer.send('PUT', '/auth/register/birthday', { session_id: session, birthday: '1990-01-01' }),
    (racer, session) => racer.phone(session, samplePhone()),
    (racer, session) => racer.send('GET', '/auth/register/session', undefined, { authorization: `Bearer ${session}` }),
  ];

  const begun = performance.now();
  const revoked = await revokeCampaign(first, campaign);
  context.diagnostic(`revoked in ${Math.round(performance.now() - begun)} ms`);
  assert.equal(revoked.status, 200);
  for (const [index, racer] of [first, second].entries()) {
    for (const request of requests) {
      assert.deepEqual(countOutcomes([await request(racer, ready[index] ?? '')]), { '410 invitation_revoked': 1 });
    }
  }
  const touched = await pair.query('SELECT id FROM "Invitation" WHERE campaign = $1 AND revoked_at IS NOT NULL LIMIT 1', [campaign]);
  assert.deepEqual(touched, [], 'an invitation was written');
  assert.deepEqual(await usersOf(pair.query, id), []);

  const restored = await second.send('POST', `/admin/campaigns/${encodeURIComponent(campaign)}/restore`, undefined, { authorization });
  assert.equal(restored.status, 200);
  assert.equal((await second.phone(ready[1] ?? '', samplePhone())).status, 200);
});

for (const kind of ['invitation', 'campaign'] as const) {
  test(`no user is made by a transaction that commits after the ${kind} was revoked, however many are at the last step`, async (context) => {
    let completed = 0;
    const rounds = testRounds(20);
    for (let round = 1; round <= rounds; round += 1) {
      const subject = `${kind}-${round}`;
      const id = await invite(subject, subject);
      const sessions = await insertReadySessions(pair.query, id, racerCount * 2);
      let revoking: Promise<RaceAnswer> | undefined;
      // One of them sends the revocation, in its turn, before its first session, between the two, or after its second.
      const answers = await racers.race(async (racer, index) => {
        const given: RaceAnswer[] = [];
        for (const turn of [0, 1, 2]) {
          if (index === round % racerCount && turn === round % 3) {
            revoking = kind === 'campaign' ? revokeCampaign(racer, subject) : revokeInvitation(racer, id);
            await revoking;
          }
          const session = turn < 2 ? sessions[index * 2 + turn] : undefined;
          if (session) given.push(await racer.phone(session, samplePhone()));
        }
        return given;
      });
      assert.equal((await (revoking ?? assert.fail())).status, 200, `round ${round}`);
      const users = acknowledgedUsers(answers.flat());
      assert.deepEqual(await usersOf(pair.query, id), users, `round ${round}`);
      assert.equal(users.length, await usersAtRevocation(subject), `round ${round}: users made after the revocation was committed`);
      const refused = sessions.length - users.length;
      assert.deepEqual(
        countOutcomes(answers.flat().filter(({ status }) => status !== 200)),
        refused === 0 ? {} : { '410 invitation_revoked': refused },
      );
      completed += users.length;
    }
    context.diagnostic(`${completed} of ${rounds * racerCount * 2} sign-ups were completed before the revocation`);
  });
}

test('a request waiting for its seat when the campaign is revoked gets it before the revocation or not at all', async () => {
  for (let round = 1; round <= testRounds(3); round += 1) {
    const campaign = `WAITING-${round}`;
    const id = await invite(campaign, campaign);
    const sessions = await insertReadySessions(pair.query, id, 8);
    const [operator = assert.fail(), ...people] = racers.all;
    // All statements have begun and wait for the invitation; meanwhile the campaign is revoked, or the revocation waits for them.
    await pair.query('BEGIN');
    let finishing: Promise<RaceAnswer[]>;
    let revoking: Promise<RaceAnswer>;
    try {
      await pair.query('SELECT 1 FROM "Invitation" WHERE id = $1 FOR UPDATE', [id]);
      finishing = Promise.all(sessions.map((session, index) => (people[index] ?? assert.fail()).phone(session, samplePhone())));
      await untilWaiting(sessions.length, finishing);
      revoking = revokeCampaign(operator, campaign);
      await untilWaiting(sessions.length + 1, revoking);
    } finally {
      await pair.query('ROLLBACK');
    }
    const answers = await finishing;
    assert.equal((await revoking).status, 200, `round ${round}`);
    const users = acknowledgedUsers(answers);
    assert.equal(users.length, await usersAtRevocation(campaign), `round ${round}: users made after the revocation was committed`);
    assert.deepEqual(await usersOf(pair.query, id), users);
  }
});

test('an invitation moved to another campaign while requests wait for it obeys the new campaign', async () => {
  const [before, after] = ['MOVED-FROM', 'MOVED-TO'];
  const id = await invite(before, before);
  await pair.query('INSERT INTO campaigns (name) VALUES ($1)', [after]);
  const sessions = await insertReadySessions(pair.query, id, 8);
  const [operator = assert.fail(), ...people] = racers.all;
  await pair.query('BEGIN');
  await pair.query('UPDATE "Invitation" SET campaign = $2 WHERE id = $1', [id, after]);
  let finishing: Promise<RaceAnswer[]>;
  try {
    finishing = Promise.all(sessions.map((session, index) => (people[index] ?? assert.fail()).phone(session, samplePhone())));
    await untilWaiting(sessions.length, finishing);
    assert.equal((await revokeCampaign(operator, after)).status, 200);
  } finally {
    await pair.query('COMMIT');
  }
  assert.deepEqual(countOutcomes(await finishing), { '410 invitation_revoked': sessions.length });
  assert.deepEqual(await usersOf(pair.query, id), []);
});

test('a campaign can be revoked during a rush: completing sign-ups do not block the operator', async (context) => {
  for (let round = 1; round <= Math.min(testRounds(2), 10); round += 1) {
    const campaign = `RUSH-${round}`;
    // One invitation per racer, so that they meet only at the campaign.
    const ids: number[] = [];
    const sessions: string[][] = [];
    for (const index of racers.all.keys()) {
      const id = await invite(`${campaign}-${index}`, campaign);
      ids.push(id);
      sessions.push(await insertReadySessions(pair.query, id, 60));
    }
    let revoking: Promise<RaceAnswer> | undefined;
    const answers = await racers.race(async (racer, index) => {
      const given: RaceAnswer[] = [];
      for (const [turn, session] of (sessions[index] ?? []).entries()) {
        if (index === 0 && turn === 5) {
          const begun = performance.now();
          revoking = revokeCampaign(racer, campaign);
          await revoking;
          context.diagnostic(`revoked in ${Math.round(performance.now() - begun)} ms`);
        }
        given.push(await racer.phone(session, samplePhone()));
      }
      return given;
    });
    assert.deepEqual(countOutcomes([await (revoking ?? assert.fail())]), { '200': 1 });
    const users = acknowledgedUsers(answers.flat());
    assert.equal(users.length, await usersAtRevocation(campaign), 'users made after the revocation was committed');
    const [row] = await pair.query<{ users: number }>('SELECT count(*) AS users FROM "User" WHERE "invitationId" = ANY ($1)', [ids]);
    assert.equal(row?.users, users.length);
  }
});

/** Waits until so many statements wait for a lock, or the request is over. */
async function untilWaiting(count: number, request: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  request.then(end, end);
  while (!isOver && (await countWaiting(pair.query)) < count) await delay(5);
}
