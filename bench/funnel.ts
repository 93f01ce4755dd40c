import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { readConfig } from '../src/config/read-config.ts';
import { type Database, statement, until } from '../src/database/database.ts';
import { openEmbeddedDatabase } from '../src/database/embedded.ts';
import { migrateEmbedded } from '../src/database/migrate.ts';
import { openDatabase } from '../src/database/open.ts';
import { startDeadline } from '../src/deadline.ts';
import { calendarDays } from '../src/registration/progress/calendar-days.ts';
import { countAttempts } from '../src/registration/progress/funnel-store.ts';
import { listSessions } from '../src/registration/progress/session-store.ts';
import { exactCountLimit } from '../src/time-limits.ts';
import { newDeadline } from '../test/support/new-deadline.ts';
import { startPostgresql } from '../test/support/postgresql.ts';
import { circumstances, writeSection } from './results-page.ts';

/**
 * The funnel over a year, and the list of sign-ups under way. `npm run bench:funnel -- 250000` measures with this number of sign-ups; `--write` keeps the results in results.md. On Linux it also tells the processor's time, which a busy machine does not
 * change much.
 */
const words = process.argv.slice(2);
const attempts = Number(words.find((word) => /^\d+$/.test(word)) ?? 250_000);
const alive = attempts / 25;
const runs = 7;
const limit = { ...exactCountLimit, total: 120_000, statement: 120_000 };

const to = new Date();
const from = new Date(to.getTime() - 365 * 86_400_000);
const starts = calendarDays('Asia/Seoul')
  .between(from, to)
  .map((day) => day.start);
const rows: string[] = [];
/** Processor milliseconds used so far by the process that runs the statements. */
let processorTime = (): number => Number.NaN;

await measurePostgresql();
await measureEmbedded();
const content = `${circumstances()} \`npm run bench:funnel\`

${attempts.toLocaleString('en')} sign-ups that ended in a year and ${alive.toLocaleString('en')} under way; counted by day, with medians. Of ${runs} runs the median (the slowest) in milliseconds, and the median of the processor's time, which says what an idle machine needs.
While it ran, ${loadavg()[0]?.toFixed(0)} processes wanted the processors.

| database | what | ms | processor's ms |
|---|---|---|---|
${rows.join('\n')}`;
console.log(content);
if (words.includes('--write')) writeSection('Funnel', content);

async function measurePostgresql(): Promise<void> {
  await using server = await startPostgresql();
  const { database } = await openDatabase(readConfig({ DATABASE_URL: server.url, DATABASE_POOL_SIZE: '1' }).database, () => {});
  const version = await database.run(statement<{ server_version: string }>('bench_version', 'SHOW server_version'), [], newDeadline());
  const name = `PostgreSQL ${version[0]?.server_version.split(' ')[0]}`;
  const [backend] = await database.run(statement<{ pid: number }>('bench_backend', 'SELECT pg_backend_pid() AS pid'), [], newDeadline());
  processorTime = () => processorTimeOf(backend?.pid ?? 0);
  try {
    await fill(database);
    await measure(database, name);
  } finally {
    await database.close();
  }
}

async function measureEmbedded(): Promise<void> {
  const database = await openEmbeddedDatabase({ directory: undefined });
  try {
    await migrateEmbedded(database.pglite);
    processorTime = () => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
    await fill(database);
    await measure(database, 'embedded');
  } finally {
    await database.close();
  }
}

/** What the service asks. */
async function measure(database: Database, name: string): Promise<void> {
  const count = (question: Parameters<typeof countAttempts>[1]) =>
    database.transaction((transaction) => countAttempts(transaction, question), startDeadline(limit));
  const month = new Date(to.getTime() - 30 * 86_400_000);
  const ofMonth = starts.filter((start) => start > month);
  await time(`${name} | **the service**, a year`, () => count({ from, to, starts, campaign: undefined }));
  await time(`${name} | the same for one of ten campaigns`, () => count({ from, to, starts, campaign: 'campaign 1' }));
  await time(`${name} | the same for 30 days`, () => count({ from: month, to, starts: [month, ...ofMonth], campaign: undefined }));
  const nothing = { campaign: undefined, invitation_id: undefined };
  const firstPage = { after: undefined, limit: 500 };
  await time(`${name} | sign-ups under way, the first 500`, () => listSessions(until(newDeadline(), database), nothing, firstPage));
  const unknown = { campaign: 'no such campaign', invitation_id: undefined };
  await time(`${name} | sign-ups under way of a campaign that has none, one page`, () =>
    listSessions(until(newDeadline(), database), unknown, firstPage),
  );
}

async function time(what: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  const processor: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const [begun, used] = [performance.now(), processorTime()];
    await work();
    times.push(performance.now() - begun);
    processor.push(processorTime() - used);
  }
  times.sort((left, right) => left - right);
  processor.sort((left, right) => left - right);
  const middle = Math.floor(runs / 2);
  rows.push(`| ${what} | ${whole(times[middle])} (${whole(times.at(-1))}) | ${whole(processor[middle])} |`);
  console.error(rows.at(-1));
}

function whole(milliseconds = 0): string {
  return Number.isNaN(milliseconds) ? '' : String(Math.round(milliseconds));
}

/** @returns milliseconds, in steps of ten; NaN where the system does not tell. */
function processorTimeOf(pid: number): number {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const fields = readFileSync(file, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** 70 of 100 sign-ups are completed, 20 expire, 10 are abandoned, all of them after both other steps; half of them do these in the other order. */
async function fill(database: Database): Promise<void> {
  const statements = [
    `INSERT INTO "Invitation" (code, campaign) SELECT 'BENCH-' || i, 'campaign ' || i % 10 FROM generate_series(1, 10000) AS i`,
    `INSERT INTO registration_attempts (attempt, invitation_id, verified_at, name_at, birthday_at, ended_at, outcome)
     SELECT md5(i::text)::uuid, 1 + i % 10000, v.at, v.at + CASE i % 2 WHEN 0 THEN first.after ELSE second.after END,
       v.at + CASE i % 2 WHEN 0 THEN second.after ELSE first.after END, v.at + interval '1 second' * (150 + i % 61),
       CASE WHEN i % 10 < 7 THEN 'completed' WHEN i % 10 < 9 THEN 'expired' ELSE 'abandoned' END
     FROM generate_series(1, ${attempts}) AS i, LATERAL (SELECT interval '1 second' * (5 + i % 97) AS after) AS first,
       LATERAL (SELECT interval '1 second' * (110 + i % 31) AS after) AS second,
       LATERAL (SELECT '${from.toISOString()}'::timestamptz + i * interval '365 days' / ${attempts} AS at) AS v`,
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", network_key, created_at)
     SELECT i::text, 1 + i % 10000, 'network', now() - interval '1 second' * i / 100 FROM generate_series(1, ${attempts}, 25) AS i`,
    'ANALYZE',
  ];
  for (const [index, text] of statements.entries()) {
    await database.transaction((transaction) => transaction.run(statement(`bench_fill_${index}`, text)), startDeadline(limit));
  }
}
