import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmptyDatabase, emptyDatabase } from '../support/empty-database.ts';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { skipWithoutHaproxy, startHaproxy } from '../support/haproxy.ts';
import { counts, percentile } from '../support/measured-request.ts';
import { startPacedRequests } from '../support/paced-requests.ts';
import { insertInvitation, insertReadySessions } from '../support/ready-sessions.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { freePort } from '../support/temporary.ts';

const stops = faultRounds(2, 50);
/** The short form runs beside other tests. */
const perSecond = isLongForm ? 200 : 60;
/** The balancer looks five times a second and believes the first refusal; the rest is for a machine that is busy. */
const stopDelay = isLongForm ? '1s' : '2s';
/** Seconds after which something that should have come will not. */
const patienceSeconds = 60;

test('SIGTERM for one of two servers behind a balancer, and then the other: no request fails, and none is done twice', {
  skip: skipWithoutHaproxy,
}, async (context) => {
  await using database = await emptyDatabase('postgresql');
  const ports = [await freePort(), await freePort()];
  const servers = [await start(database, ports[0]), await start(database, ports[1])];
  await using balancer = await startHaproxy(ports);
  await until(async () => (await balancer.readyServers()) === 2);
  const invitation = await insertInvitation(database.query, 'BALANCED');
  const sessions = await insertReadySessions(database.query, invitation, 50);
  const verify = { method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: 'BALANCED' } };
  const birthday = (session_id: string) => ({
    method: 'PUT',
    path: '/auth/register/birthday',
    body: { session_id, birthday: '1990-01-01' },
  });
  const asked = sessions.flatMap((session) => [verify, birthday(session)]);
  const load = startPacedRequests(balancer.url, perSecond, asked);
  await delay(500);
  for (let stop = 0; stop < stops; stop += 1) {
    const at = stop % 2;
    assert.deepEqual(await servers[at]?.stop(), { code: 0, signal: null });
    servers[at] = await start(database, ports[at]);
    await until(async () => (await balancer.readyServers()) === 2);
  }
  await delay(500);
  const outcomes = await load.stop();
  for (const server of servers) await server.stop();

  assert.deepEqual(Object.keys(outcomes), ['200'], JSON.stringify(counts(outcomes)));
  const answered = outcomes['200'] ?? [];
  // Every session that was acknowledged is there, and no more: nothing was sent twice either.
  const [stored] = await database.query<{ sessions: number }>('SELECT count(*) AS sessions FROM "RegisterSession"');
  assert.equal(stored?.sessions, sessions.length + Math.ceil(answered.length / 2));
  const figures = `0 of ${answered.length.toLocaleString('en')} requests failed; p99 ${percentile(answered, 0.99).toFixed(0)} ms, the slowest ${Math.max(...answered).toFixed(0)} ms`;
  context.diagnostic(figures);
  recordFault({
    name: 'stopping-under-load',
    fault: `SIGTERM ${stops} times, for one of two servers after the other, at ${perSecond} requests a second through HAProxy, which repeats none (STOP_DELAY=${stopDelay}, probes of /readyz every 200 ms)`,
    demand: 'no request fails, and none is done twice',
    seen: figures,
  });
});

function start({ environment }: EmptyDatabase, port: number | undefined): Promise<ServerProcess> {
  const settings = { BCRYPT_COST: '10', DATABASE_POOL_SIZE: '10', LOG_LEVEL: 'warn', STOP_DELAY: stopDelay };
  return startServer({ environment: { ...environment, ...settings }, args: ['--port', String(port)] });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceSeconds * 1000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'what was waited for did not come');
    await delay(20);
  }
}
