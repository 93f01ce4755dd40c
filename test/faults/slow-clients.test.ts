import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { type SlowConnections, startLoadProcess } from '../support/load-process.ts';
import { counts, noteAll, type Outcomes, percentile } from '../support/measured-request.ts';
import { startPacedRequests } from '../support/paced-requests.ts';
import { insertInvitation } from '../support/ready-sessions.ts';
import { startServerGroup } from '../support/server-group.ts';
import { cleanUpAtExit } from '../support/temporary.ts';

interface Attack {
  readonly name: string;
  readonly what: string;
  /** The 99th percentile of the others' requests is at most so many times that of quiet. */
  readonly mostTimes: number;
  begin(url: URL): Promise<{ stop(): Promise<unknown> }>;
}

const many = isLongForm ? 500 : 100;
const idle = isLongForm ? 5_000 : 500;
const rounds = faultRounds(1, 5);
const secondsEach = isLongForm ? 12 : 2;
const perSecond = 50;

const bySockets = (name: string, what: string, counts: SlowConnections, mostTimes = 2): Attack => ({
  name,
  what,
  mostTimes,
  begin: (url) => startLoadProcess({ kind: 'slow', port: Number(url.port), ...counts }),
});

const slowhttptest = ['/usr/bin/slowhttptest', '/usr/local/bin/slowhttptest'].find((path) => existsSync(path));

/** @param kind `-H`: header fields come slowly; `-B`: the body does. */
const byProgram = (name: string, kind: '-H' | '-B'): Attack => ({
  name,
  what: `slowhttptest ${kind} with ${many} connections`,
  mostTimes: 2,
  async begin(url) {
    const slowly = [kind, '-c', String(many), '-r', '200', '-i', '1', '-l', '3600', '-p', '3', '-s', '8192'];
    const request = ['-t', 'POST', '-f', 'application/json', '-u', `${url.origin}/auth/invitation/verify`];
    let isOver = false;
    let child: ChildProcess | undefined;
    // It ends when all its connections have been cut off, and begins again.
    const attack = (async () => {
      while (!isOver) {
        child = spawn('nice', ['-n', '15', slowhttptest ?? '', ...slowly, ...request], { stdio: 'ignore' });
        const forget = cleanUpAtExit(() => child?.kill('SIGKILL'));
        await once(child, 'close');
        forget();
        await delay(50);
      }
    })();
    return {
      async stop() {
        isOver = true;
        child?.kill('SIGKILL');
        await attack;
      },
    };
  },
});

const attacks: readonly Attack[] = [
  bySockets('slow-headers', `${many} connections whose header fields come a byte a second`, { headers: many }),
  bySockets('slow-bodies', `${many} connections whose bodies come a byte a second`, { bodies: many }),
  bySockets('idle-sockets', `${idle.toLocaleString('en')} connections on which nothing comes`, { idle }),
  bySockets('unread-responses', `${many} connections that ask for eight large responses and read none`, { readers: many }, 3),
  bySockets(
    'pipelined-requests',
    `${many} connections that send a thousand requests at once and read nothing, opened again when closed`,
    { pipelines: many },
    3,
  ),
  ...(isLongForm && slowhttptest ? [byProgram('slowhttptest-headers', '-H'), byProgram('slowhttptest-bodies', '-B')] : []),
];

for (const { name, what, mostTimes, begin } of attacks) {
  test(`${what}: everybody else is served`, async (context) => {
    await using group = await startServerGroup({ count: 1, kind: 'postgresql' });
    await insertInvitation(group.query, 'HONEST');
    const url = new URL(group.servers[0]?.url ?? '');
    const seen = { quiet: {} as Outcomes, attacked: {} as Outcomes };
    await verifyFor(url, 1, {});
    for (let round = 0; round < rounds; round += 1) {
      await verifyFor(url, secondsEach, seen.quiet);
      const attack = await begin(url);
      await delay(1_000);
      await verifyFor(url, secondsEach, seen.attacked);
      // A new client, not only those that are connected already.
      for (let times = 0; times < 5; times += 1) {
        assert.equal((await fetch(new URL('/readyz', url), { headers: { connection: 'close' } })).status, 200);
      }
      await attack.stop();
      await delay(isLongForm ? 1_000 : 100);
    }
    assert.deepEqual(Object.keys(seen.attacked), ['200'], JSON.stringify(counts(seen.attacked)));
    const [quiet, attacked] = [percentile(seen.quiet['200'] ?? [], 0.99), percentile(seen.attacked['200'] ?? [], 0.99)];
    const figures = `${counts(seen.attacked)['200']} of as many served; p99 ${attacked.toFixed(1)} ms, ${(attacked / quiet).toFixed(2)} × the ${quiet.toFixed(1)} ms of quiet`;
    context.diagnostic(figures);
    assert.ok(attacked <= 2_000, figures);
    if (!isLongForm) return;
    assert.ok(attacked <= mostTimes * quiet, figures);
    recordFault({
      name,
      fault: `${what}, ${rounds} × ${secondsEach} s, between as many quiet times; ${perSecond} requests a second of honest people`,
      demand: `all of them served; p99 ≤ ${mostTimes} × quiet`,
      seen: figures,
    });
  });
}

test('what is too slow is cut off: header fields after 10 s, bodies after 20, a client that does not read after 60', {
  skip: isLongForm ? false : 'takes two minutes',
}, async (context) => {
  await using group = await startServerGroup({ count: 1, kind: 'postgresql' });
  const url = new URL(group.servers[0]?.url ?? '');
  for (const [limit, shape] of [
    [10, { headers: 50 }],
    [20, { bodies: 50 }],
    [60, { readers: 50 }],
  ] as const) {
    const load = await startLoadProcess({ kind: 'slow', port: Number(url.port), ...shape });
    await delay((limit + 12) * 1_000);
    const ended = Object.values(await load.stop()).flat();
    const cut = ended.filter((milliseconds) => milliseconds > 6_000);
    context.diagnostic(`${cut.length} cut off after ${Math.min(...cut).toFixed()} to ${Math.max(...cut).toFixed()} ms`);
    assert.equal(cut.length, 50);
    assert.ok(Math.min(...cut) >= limit * 1_000 - 100 && Math.max(...cut) <= limit * 1_000 + 10_000);
  }
});

async function verifyFor(url: URL, seconds: number, outcomes: Outcomes): Promise<void> {
  const verify = { method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: 'HONEST' } };
  const pace = startPacedRequests(url.origin, perSecond, [verify]);
  await delay(seconds * 1000);
  noteAll(outcomes, await pace.stop());
}
