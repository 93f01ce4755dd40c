import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { durations } from '../support/durations.ts';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { type PostgresqlServer, startPostgresql } from '../support/postgresql.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { queryAnew, untilAnswering, watchConnection } from '../support/postgresql-watch.ts';
import { insertInvitation } from '../support/ready-sessions.ts';
import { startServer } from '../support/server-process.ts';
import { untilServing } from '../support/serving.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun, startLoad } from '../support/sign-up-load.ts';
import { closeSome } from '../support/sign-up-operator.ts';

const skip = findPostgresqlBinaries() ? false : 'there are no PostgreSQL server programs on this machine';
const servingMilliseconds = 3_000;

test('where a backend of PostgreSQL is killed, and the postmaster restarts all others, nothing acknowledged is lost', { skip }, (context) =>
  killPostgresql({
    context,
    name: 'killed-backend',
    fault: 'a backend of PostgreSQL that works for the service killed (kill -9), so that all restart',
    rounds: faultRounds(1, 30),
    async kill(postgresql) {
      const [victim] = await queryAnew(postgresql.adminUrl)<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'chodae' ORDER BY random() LIMIT 1`,
      );
      assert.ok(victim, 'no backend works for the service');
      process.kill(victim.pid, 'SIGKILL');
    },
  }),
);

test('where PostgreSQL is stopped at once and started again, nothing acknowledged is lost', { skip }, (context) =>
  killPostgresql({
    context,
    name: 'stopped-postgresql',
    fault: 'PostgreSQL stopped at once (immediate) and started again',
    rounds: faultRounds(1, 30),
    async kill(postgresql) {
      await postgresql.stop('immediate');
      await delay(randomInt(200));
      void postgresql.start();
    },
  }),
);

interface PostgresqlKill {
  readonly context: { diagnostic(message: string): void };
  readonly name: string;
  readonly fault: string;
  readonly rounds: number;
  kill(postgresql: PostgresqlServer): Promise<void>;
}

async function killPostgresql({ context, name, fault, rounds, kill }: PostgresqlKill): Promise<void> {
  await using postgresql = await startPostgresql();
  const query = queryAnew(postgresql.url);
  await using server = await startServer({
    environment: { DATABASE_URL: postgresql.url, BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn' },
  });
  const client = signUpClient(server.url);
  await insertInvitation(query, 'PROBE');
  const all: Attempt[] = [];
  const outages = durations();
  for (let round = 1; round <= rounds; round += 1) {
    const attempts = await prepareAttempts(query, `LOAD-${round}`);
    all.push(...attempts);
    const watch = await watchConnection(postgresql.url);
    const load = startLoad([client], attempts, 8, 'retry');
    const closing = closeSome(query, attempts, 10);
    await load.answered(randomInt(1, 60));
    await delay(randomInt(5));
    await kill(postgresql);
    await watch.lost;
    await untilAnswering(postgresql.url);
    await outages.measure(() => untilServing(client, 'PROBE'));
    await Promise.all([load.over, closing]);
    await settleBegun([client], attempts);
    await assertTablesAgree(query, all);
  }
  const seen = `${all.filter((attempt) => attempt.userId).length} users, 0 wrong; serving after PostgreSQL answers again: ${outages}`;
  context.diagnostic(`${rounds} times, ${seen}`);
  if (isLongForm) assert.ok(outages.worst <= servingMilliseconds, `serving again: ${outages}`);
  const demand =
    'nothing acknowledged lost, no seat twice, every 503 with Retry-After, no 500, no answer over 10 s; serving ≤ 3 s after PostgreSQL is';
  recordFault({ name, fault: `${fault}, under load, ${rounds} times`, demand, seen });
}
