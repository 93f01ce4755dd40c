import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { durations } from '../support/durations.ts';
import type { EmptyDatabase } from '../support/empty-database.ts';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { startFragileProxy } from '../support/fragile-proxy.ts';
import { type PostgresqlServer, startPostgresql } from '../support/postgresql.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { queryAnew } from '../support/postgresql-watch.ts';
import { insertInvitation } from '../support/ready-sessions.ts';
import { startServer } from '../support/server-process.ts';
import { untilServing } from '../support/serving.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun, startLoad } from '../support/sign-up-load.ts';
import { closeSome } from '../support/sign-up-operator.ts';
import { startStandby } from '../support/standby.ts';
import { freePort } from '../support/temporary.ts';

const skip = findPostgresqlBinaries() ? false : 'there are no PostgreSQL server programs on this machine';
const outageMilliseconds = 5_000;

// One service knows both servers, the other one an address behind which they change places.
test('where the primary dies and its synchronous standby is promoted, nothing acknowledged is lost', { skip }, async (context) => {
  const rounds = faultRounds(1, 10);
  // The last one first, as `await using` does.
  const open: AsyncDisposable[] = [];
  context.after(async () => {
    for (const each of open.toReversed()) await each[Symbol.asyncDispose]();
  });
  const keep = <T extends AsyncDisposable>(one: T): T => {
    open.push(one);
    return one;
  };
  let primary: PostgresqlServer = keep(await startPostgresql());
  let freedPort = await freePort();
  const query: EmptyDatabase['query'] = (sql, values) => queryAnew(primary.url)(sql, values);
  const moved = { host: '127.0.0.1', port: primary.port };
  const proxy = await startFragileProxy(moved);
  context.after(() => proxy.stop());
  const serverAt = async (hosts: string) => {
    const settings = { DATABASE_URL: withHosts(primary.url, hosts), BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn' };
    return keep(await startServer({ environment: settings }));
  };
  const servers = [await serverAt(`127.0.0.1:${primary.port},127.0.0.1:${freedPort}`), await serverAt(`127.0.0.1:${proxy.port}`)] as const;
  const clients = servers.map((server) => signUpClient(server.url));
  await insertInvitation(query, 'PROBE');

  const all: Attempt[] = [];
  const outages = [durations(), durations()] as const;
  for (let round = 1; round <= rounds; round += 1) {
    const attempts = await prepareAttempts(query, `LOAD-${round}`);
    all.push(...attempts);
    const standby = keep(await startStandby(primary, freedPort));
    const load = startLoad(clients, attempts, 8, 'retry');
    const closing = closeSome(query, attempts, 10);
    await load.answered(randomInt(1, 60));
    await delay(randomInt(5));
    const died = performance.now();
    await die(primary, round);
    freedPort = primary.port;
    await queryAnew(standby.adminUrl)('SELECT pg_promote(true, 60)');
    primary = standby;
    moved.port = standby.port;
    proxy.cut();
    await Promise.all(
      clients.map(async (client, index) => {
        await untilServing(client, 'PROBE');
        outages[index]?.add(performance.now() - died);
      }),
    );
    await Promise.all([load.over, closing]);
    await settleBegun(clients, attempts);
    await assertTablesAgree(query, all);
  }
  const took = `no writes with both in DATABASE_URL: ${outages[0]}; with an address that is moved: ${outages[1]}`;
  const seen = `${all.filter((attempt) => attempt.userId).length} users, 0 lost, 0 wrong; ${took}`;
  context.diagnostic(`${rounds} promotions, ${seen}`);
  if (isLongForm) for (const outage of outages) assert.ok(outage.worst <= outageMilliseconds, took);
  recordFault({
    name: 'promoted-standby',
    fault: `the primary killed under load and its synchronous standby promoted, ${rounds} times`,
    demand: 'nothing acknowledged lost, no seat twice; no writes for ≤ 5 s',
    seen,
  });
});

/**
 * At once in both ways: the one ends its backends, the other leaves them to notice. Now and then one of them cannot end, and PostgreSQL waits 5 s
 * for it (`SIGKILL_CHILDREN_AFTER_SECS`); promoting a standby does not.
 */
async function die(primary: PostgresqlServer, round: number): Promise<void> {
  if (round % 2 === 1) await Promise.race([primary.stop('immediate'), delay(500)]);
  primary.process.kill('SIGKILL');
}

/** `URL` takes no list of hosts. */
function withHosts(url: string, hosts: string): string {
  return url.replace(/@[^/]*/, `@${hosts}`);
}
