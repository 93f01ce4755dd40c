import { loadavg } from 'node:os';
import pg from 'pg';
import { startPostgresql } from '../test/support/postgresql.ts';
import { openRacers, type Racer, type Racers } from '../test/support/racers.ts';
import { startRedis } from '../test/support/redis.ts';
import { runChodae } from '../test/support/run-chodae.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';
import { circumstances, writeSection } from './results-page.ts';

/**
 * What counting requests costs: `npm run bench:limits`; `--write` keeps the results in results.md, `--quick` has one short round.
 * Servers on one PostgreSQL that waits for its disk; 16 connections verify a code that has expired (one statement that reads), every request from another address unless said otherwise. The rounds go around the
 * setups, so that whatever else the machine does meets all of them alike.
 */
const connections = 16;
const isQuick = process.argv.includes('--quick');
const seconds = isQuick ? 1 : 3;
const rounds = isQuick ? 1 : 8;
const [loadBefore] = loadavg();

interface Setup {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  /** A statement before each round. */
  readonly statement?: string;
  /** Addresses that the requests come from. */
  readonly addresses: number;
}

const many = 1_000_000;
const unlogged = 'ALTER TABLE rate_limits SET UNLOGGED';
const wide = { RATE_LIMIT_VERIFY: '1000000/24h' };
await using redis = await startRedis();
const setups: readonly Setup[] = [
  { name: 'no limits', settings: { RATE_LIMIT: 'off' }, addresses: many },
  { name: 'counted in PostgreSQL', settings: wide, statement: unlogged, addresses: many },
  { name: 'the same, if the table were logged', settings: wide, statement: 'ALTER TABLE rate_limits SET LOGGED', addresses: many },
  { name: 'counted in PostgreSQL, all from one address', settings: wide, statement: unlogged, addresses: 1 },
  { name: 'counted in Redis', settings: { ...wide, REDIS_URL: redis.url }, addresses: many },
  { name: 'over the limit: refused with 429', settings: { RATE_LIMIT_VERIFY: '5/24h' }, addresses: 1 },
];

const postgresql = await startPostgresql({ settings: { fsync: 'on', synchronous_commit: 'on' } });
const client = new pg.Client({ connectionString: postgresql.url });
await client.connect();
const environment = { DATABASE_URL: postgresql.url, LOG_LEVEL: 'error', TRUST_PROXY: 'loopback', RATE_LIMIT: 'on' };
const servers: ServerProcess[] = [];
try {
  await runChodae(['migrate'], { environment });
  await client.query(`INSERT INTO "Invitation" (code, expires_at) VALUES ('EXPIRED', now())`);
  for (const { settings } of setups) servers.push(await startServer({ environment: { ...environment, ...settings } }));
  const results = await measureAll(await Promise.all(servers.map(({ url }) => openRacers([url], connections))));

  const loads = [loadBefore, loadavg()[0]].map((load) => load?.toFixed(1)).join(' and ');
  const lines = [
    `${circumstances()} \`npm run bench:limits\``,
    '',
    `${connections} connections verify a code that has expired, one statement that reads, on a PostgreSQL that waits for its disk; ${rounds} rounds of`,
    `${seconds} s going around the setups. Client, servers and database share the cores; load average before and after: ${loads}.`,
    '',
    '| setup | requests a second: median (least to most) | median ms | 99 % ms |',
    '| --- | ---: | ---: | ---: |',
    ...setups.map(({ name }, index) => row(name, results[index] ?? [])),
  ];
  const content = lines.join('\n');
  console.log(content);
  if (process.argv.includes('--write')) writeSection('Limits', content);
} finally {
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  await client.end();
  await postgresql.stop();
}

/** @returns for each setup the milliseconds of every request, round by round. */
async function measureAll(racers: readonly Racers[]): Promise<number[][][]> {
  const results: number[][][] = setups.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { statement, addresses }] of setups.entries()) {
      if (statement) await client.query(statement);
      const taken = (await racers[index]?.race((racer) => verifyFor(racer, addresses)))?.flat() ?? [];
      // The first round only warms up.
      if (round > 0) results[index]?.push(taken);
    }
  }
  for (const each of racers) each[Symbol.dispose]();
  return results;
}

async function verifyFor(racer: Racer, addresses: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  for (let now = performance.now(); now < until; ) {
    const number = Math.floor(Math.random() * addresses);
    const address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    await racer.send('POST', '/auth/invitation/verify', { invitation_code: 'EXPIRED' }, { 'x-forwarded-for': address });
    const after = performance.now();
    times.push(after - now);
    now = after;
  }
  return times;
}

function row(name: string, taken: readonly number[][]): string {
  const rates = taken.map((times) => Math.round(times.length / seconds)).sort((left, right) => left - right);
  const times = taken.flat().sort((left, right) => left - right);
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1);
  return `| ${name} | ${rates[rates.length >> 1]} (${rates[0]} to ${rates.at(-1)}) | ${at(0.5)} | ${at(0.99)} |`;
}
