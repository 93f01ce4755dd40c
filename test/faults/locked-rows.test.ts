import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { assertAnsweredInTime, inSeconds, refusedOf, type TimedAnswer, timed } from '../support/outage-load.ts';
import { insertInvitation, insertReadySessions, usersOf } from '../support/ready-sessions.ts';
import { type ServerGroup, startServerGroup } from '../support/server-group.ts';
import { type Answer, type SignUpClient, samplePhone, signUpClient } from '../support/sign-up-client.ts';

/** More people than the program has connections. */
const crowd = 50;
/** Milliseconds that a request waits for a lock that is never released; in a short run the machine may be busy with other tests. */
const longestWait = isLongForm ? 2_200 : 8_000;
/** Milliseconds for those who want something else. */
const longestForOthers = isLongForm ? 500 : 1_900;

let group: ServerGroup;
let rounds = 0;
before(async () => {
  group = await startServerGroup({ count: 1, connections: 10, settings: { PASSWORD_WAIT: '60s' } });
});
after(() => group[Symbol.asyncDispose]());

/** While another client holds what the statement locks. */
async function whileLocked<T>(sql: string, values: unknown[], work: () => Promise<T>): Promise<T> {
  const other = new pg.Client({ connectionString: group.database.url });
  await other.connect();
  try {
    await other.query('BEGIN');
    await other.query(sql, values);
    return await work();
  } finally {
    await other.end();
  }
}

function watched(answers: TimedAnswer[]): SignUpClient {
  const [server] = group.servers;
  return timed(signUpClient(server?.url ?? ''), answers);
}

function assertWaitedInVain(answers: readonly TimedAnswer[]): number {
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
  const slowest = assertAnsweredInTime(answers);
  assert.ok(slowest <= longestWait, `a request waited ${inSeconds(slowest)}`);
  return slowest;
}

/** Other people sign up one after the other. @returns milliseconds of their slowest request. */
async function assertOthersSignUp(name: string, until: Promise<unknown>): Promise<number> {
  const answers: TimedAnswer[] = [];
  const client = watched(answers);
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  until.then(end, end);
  for (let index = 0; index === 0 || !isOver; index += 1) {
    const code = `${name}-${index}`;
    const sessions = await insertReadySessions(group.query, await insertInvitation(group.query, code, 3), 1);
    const given: Answer[] = [
      await client.verify(code),
      await client.phone(sessions[0] ?? '', samplePhone()),
      await client.send('GET', '/readyz'),
      await client.send('GET', '/healthz'),
    ];
    assert.deepEqual(
      given.map(({ status }) => status),
      [200, 200, 200, 200],
    );
  }
  const slowest = Math.max(...answers.map(({ askedAt, answeredAt }) => answeredAt - askedAt));
  assert.ok(slowest <= longestForOthers, `a request for another row waited ${inSeconds(slowest)}`);
  return slowest;
}

test('the table of users is locked: completing gets 503 with Retry-After, everything else is served', async (context) => {
  const seen = { waited: 0, others: 0 };
  rounds = faultRounds(1, 10);
  for (let round = 1; round <= rounds; round += 1) {
    const sessions = await insertReadySessions(group.query, await insertInvitation(group.query, `TABLE-${round}`, 9), 2);
    const answers: TimedAnswer[] = [];
    const client = watched(answers);
    await whileLocked('LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE', [], async () => {
      const others: TimedAnswer[] = [];
      const waiting = Promise.all(sessions.map((session) => client.phone(session, samplePhone())));
      await delay(50);
      const elsewhere = watched(others);
      const code = `TABLE-other-${round}`;
      await insertInvitation(group.query, code);
      const { body } = await elsewhere.verify(code);
      assert.equal((await elsewhere.birthday(body.sessionId ?? '', '1990-01-01')).status, 200);
      assert.equal((await elsewhere.send('GET', '/healthz')).status, 200);
      for (const { askedAt, answeredAt } of others) seen.others = Math.max(seen.others, answeredAt - askedAt);
      await waiting;
    });
    seen.waited = Math.max(seen.waited, assertWaitedInVain(answers));
    const again = await Promise.all(sessions.map((session) => signUpClient(group.servers[0]?.url ?? '').phone(session, samplePhone())));
    assert.deepEqual(
      again.map(({ status }) => status),
      [200, 200],
    );
  }
  const summary = `503 after ${inSeconds(seen.waited)} at most; other steps were served in ${inSeconds(seen.others)} at most`;
  context.diagnostic(summary);
  recordFault({
    name: 'locked-table',
    fault: `\`LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE\` by another client, ${rounds} times`,
    demand: 'who completes waits for 2 s and is answered 503; other steps are served; the same request succeeds afterwards',
    seen: summary,
  });
});

test('one session is locked: its owner is told to come back, everybody else is served', async () => {
  const invitation = await insertInvitation(group.query, 'SESSION', 2);
  const [locked = ''] = await insertReadySessions(group.query, invitation, 1);
  const answers: TimedAnswer[] = [];
  await whileLocked('SELECT FROM "RegisterSession" WHERE "sessionId" = $1 FOR UPDATE', [locked], async () => {
    const waiting = Promise.all([watched(answers).phone(locked, samplePhone()), watched(answers).birthday(locked, '1990-01-01')]);
    await assertOthersSignUp('SESSION-other', waiting);
    await waiting;
  });
  assertWaitedInVain(answers);
  assert.equal((await watched([]).phone(locked, samplePhone())).status, 200);
});

for (const [what, name] of [
  ['complete', 'COMPLETE'],
  ['verify it', 'VERIFY'],
] as const) {
  test(`one invitation is locked and ${crowd} people ${what}: they are told to come back, and do not keep others waiting`, async (context) => {
    const seen = { waited: 0, others: 0 };
    rounds = faultRounds(1, 10);
    for (let round = 1; round <= rounds; round += 1) {
      const code = `${name}-${round}`;
      const invitation = await insertInvitation(group.query, code, 2 * crowd);
      const sessions = name === 'COMPLETE' ? await insertReadySessions(group.query, invitation, crowd) : [];
      const phones = Array.from({ length: crowd }, samplePhone);
      const answers: TimedAnswer[] = [];
      const client = watched(answers);
      const ask = (index: number) => (name === 'COMPLETE' ? client.phone(sessions[index] ?? '', phones[index] ?? '') : client.verify(code));
      await whileLocked('SELECT FROM "Invitation" WHERE id = $1 FOR UPDATE', [invitation], async () => {
        const waiting = Promise.all(Array.from({ length: crowd }, (_, index) => ask(index)));
        await delay(100);
        seen.others = Math.max(seen.others, await assertOthersSignUp(`${code}-other`, waiting));
        await waiting;
      });
      assert.equal(refusedOf(answers).length, crowd);
      seen.waited = Math.max(seen.waited, assertWaitedInVain(answers));
      const free = watched([]);
      const second = await Promise.all(
        Array.from({ length: crowd }, (_, index) =>
          name === 'COMPLETE' ? free.phone(sessions[index] ?? '', phones[index] ?? '') : free.verify(code),
        ),
      );
      assert.deepEqual([...new Set(second.map(({ status }) => status))], [200]);
      // A statement that was given up may have come to its end: then the repeated request has told its user.
      const users = second.map(({ body }) => body.userId ?? 0).sort((left, right) => left - right);
      if (name === 'COMPLETE') assert.deepEqual(await usersOf(group.query, invitation), users);
    }
    const summary = `503 after ${inSeconds(seen.waited)} at most; the slowest other request took ${inSeconds(seen.others)}`;
    context.diagnostic(summary);
    recordFault({
      name: `locked-invitation-${name.toLowerCase()}`,
      fault: `one invitation locked by another client, and ${crowd} people who ${what} at once on a process with 10 connections, ${rounds} times`,
      demand:
        'they wait for 2 s at most and are answered 503; meanwhile others verify and complete, each request within 0.5 s; afterwards all 50 succeed',
      seen: summary,
    });
  });
}
