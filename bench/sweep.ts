// How long four processes take to delete 1,000,000 sign-ups that expire within 20 seconds, and how much slower verifying a code is meanwhile.
//
//   npx tsx bench/sweep.ts [sessions] [processes] [snapshot]
// With `snapshot` a transaction left open keeps every deleted row and every entry of the index from being cleaned away.
//
// Starts a PostgreSQL of its own from the machine's programs (fsync on) and the built program, and asks 100 times a second, whatever was answered.
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startPostgresql } from '../test/support/postgresql.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';

const sessions = Number(process.argv[2] ?? 1_000_000);
const processes = Number(process.argv[3] ?? 4);
const hasOpenSnapshot = process.argv[4] === 'snapshot';
const perSecond = 100;
const quietSeconds = 20;
const spreadSeconds = 20;
/** Long enough to insert them all and to measure the quiet time. */
const expireAfterSeconds = 90 + sessions / 20_000;

await using postgresql = await startPostgresql({ settings: { fsync: 'on', shared_buffers: '256MB', max_wal_size: '1GB' } });
const environment = { DATABASE_URL: postgresql.url, LOG_LEVEL: 'warn', BCRYPT_COST: '10' };
const client = new pg.Client({ connectionString: postgresql.url });
await client.connect();

const agent = new Agent({ keepAlive: true, maxSockets: 200 });
const servers = await Promise.all(Array.from({ length: processes }, () => startServer({ environment })));
const [server] = servers;
if (!server) throw new Error('no process');
await client.query(`INSERT INTO "Invitation" (code) SELECT 'BENCH' || n FROM generate_series(1, 100) n`);

const {
  rows: [{ moment }],
} = await client.query('SELECT now() + make_interval(secs => $1) AS moment', [expireAfterSeconds]);
await client.query(
  `INSERT INTO "RegisterSession" ("sessionId", "invitationId", name, password, birthday, created_at, expires_at)
   SELECT md5(n::text), 1 + n % 100, 'name ' || n, '$2b$12$' || repeat('x', 53), '1990-01-01', now(), $2::timestamptz + make_interval(secs => (n % ($3::int * 1000)) / 1000.0)
   FROM generate_series(1, $1::int) n`,
  [sessions, moment, spreadSeconds],
);
await client.query('VACUUM ANALYZE "RegisterSession"');
await latencies(server, delay(3_000)); // until everything is compiled
if (Date.now() + quietSeconds * 1000 > moment.getTime()) throw new Error('the sessions expire before the quiet time is measured');
const quiet = await latencies(server, delay(quietSeconds * 1000));
const forgotten = new pg.Client({ connectionString: postgresql.url });
if (hasOpenSnapshot) {
  await forgotten.connect();
  await forgotten.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await forgotten.query('SELECT 1');
}
await delay(moment.getTime() - Date.now());
const last = new Date(moment.getTime() + spreadSeconds * 1000);
const busy = await latencies(server, untilNoneLeft());
const seconds = (Date.now() - last.getTime()) / 1000;

console.log(
  `${sessions.toLocaleString('en')} sessions that expire within ${spreadSeconds} s, ${processes} processes: gone ${seconds.toFixed(0)} s after the last`,
);
console.log(`verify, ${perSecond} a second: quiet ${summary(quiet)}; meanwhile ${summary(busy)}`);
for (const one of servers) await one.stop();
agent.destroy();
await client.end();
if (hasOpenSnapshot) await forgotten.end();

async function untilNoneLeft(): Promise<void> {
  for (;;) {
    await delay(1_000);
    const { rows } = await client.query('SELECT FROM "RegisterSession" WHERE expires_at <= $1 LIMIT 1', [last]);
    if (rows.length === 0) return;
  }
}

/** Asks at a fixed rate until something has happened. @returns milliseconds, in rising order. */
async function latencies({ url }: ServerProcess, until: Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  const pending: Promise<void>[] = [];
  let isOver = false;
  void until.then(() => {
    isOver = true;
  });
  const start = performance.now();
  for (let sent = 0; !isOver; sent += 1) {
    await delay(Math.max(0, start + (sent * 1000) / perSecond - performance.now()));
    pending.push(verify(url, `BENCH${1 + (sent % 100)}`).then((milliseconds) => void found.push(milliseconds)));
  }
  await until;
  await Promise.all(pending);
  return found.sort((left, right) => left - right);
}

function verify(url: string, code: string): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/auth/invitation/verify`,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`verify answered ${answer.statusCode}`));
        answer.resume().on('end', () => resolve(performance.now() - begun));
      },
    );
    asked.on('error', reject);
    asked.end(JSON.stringify({ invitation_code: code }));
  });
}

function summary(sorted: readonly number[]): string {
  const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms (${sorted.length})`;
}
