import { Agent, request } from 'node:http';
import pg from 'pg';
import { readConfig } from '../src/config/read-config.ts';
import type { Database } from '../src/database/database.ts';
import { openDatabase } from '../src/database/open.ts';
import { acceptFilters, type WrittenFilters } from '../src/invitations/listing/list-filters.ts';
import { listInvitations } from '../src/invitations/listing/list-invitations.ts';
import { generateOperatorKey } from '../src/operators/operator-key.ts';
import { openSemaphore } from '../src/overload/semaphore.ts';
import { encodeCursor } from '../src/paging/cursor.ts';
import { newDeadline } from '../test/support/new-deadline.ts';
import { startPostgresql } from '../test/support/postgresql.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';
import { filling, questions, shapes } from './listing-shapes.ts';
import { circumstances, writeSection } from './results-page.ts';

/**
 * The list of invitations, asked of few and of many, in shapes that are made to be hard: every question takes turns between the two databases, so
 * that whatever else the machine does happens to both. `npm run bench:listing -- 100000` has so many rows in place of a million, a word such as
 * `expired` only the shapes with that word; `--write` keeps the results in results.md.
 */
const words = process.argv.slice(2);
const few = 1_000;
const many = Number(words.find((word) => /^\d+$/.test(word)) ?? 1_000_000);
const chosen = Object.keys(shapes).filter((shape) => words.every((word) => /^(\d+|--.*)$/.test(word) || shape.includes(word)));
const runs = 31;
/** Milliseconds that a page may take, of however many invitations: a quarter of what `statement_timeout` leaves a statement. */
const goal = 500;
const longWork = openSemaphore(1);

/** One database with its server. */
interface Side {
  readonly url: string;
  readonly rows: number;
  readonly database: Database;
  readonly server: ServerProcess;
  readonly agent: Agent;
  readonly authorization: string;
}
/** Medians in milliseconds. */
interface Measured {
  readonly shape: string;
  readonly question: string;
  readonly inProcess: readonly [number, number];
  readonly overHttp: readonly [number, number];
}

await using cluster = await startPostgresql();
const sides = [await open('few', few), await open('many', many)] as const;
const results: Measured[] = [];
try {
  for (const shape of chosen) {
    for (const side of sides) await fill(side, shape);
    for (const question of questions) results.push(await measure(shape, question));
  }
} finally {
  for (const side of sides) {
    side.agent.destroy();
    await side.server.stop();
    await side.database.close();
  }
}
const report = reportOf(results);
console.log(report);
if (words.includes('--write')) writeSection('Listing', report);

async function open(name: string, rows: number): Promise<Side> {
  await onDatabase(cluster.url, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = cluster.url.replace(/\w+$/, name);
  const { database } = await openDatabase(readConfig({ DATABASE_URL: url, DATABASE_POOL_SIZE: '2' }).database, () => {});
  const { key, hash, hint } = generateOperatorKey();
  const sql = `INSERT INTO operator_keys (label, role, key_hash, hint, created_by, last_used_at) VALUES ('bench', 'viewer', $1, $2, 'bench', now())`;
  await onDatabase(url, (client) => client.query(sql, [hash, hint]));
  const server = await startServer({ environment: { DATABASE_URL: url, LOG_LEVEL: 'warn', BCRYPT_COST: '10', DATABASE_POOL_SIZE: '2' } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return { url, rows, database, server, agent, authorization: `Bearer ${key}` };
}

async function onDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Fills a table without its indexes, which are made afterwards: ten times as fast. */
async function fill({ url, rows }: Side, shape: string): Promise<void> {
  await onDatabase(url, async (client) => {
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'Invitation' AND indexdef NOT LIKE '%UNIQUE%'`,
    );
    await client.query('TRUNCATE "Invitation", "RegisterSession", campaigns RESTART IDENTITY');
    for (const { name } of indexes) await client.query(`DROP INDEX "${name}"`);
    await client.query(filling(shape, rows));
    for (const { definition } of indexes) await client.query(definition);
    await client.query(`INSERT INTO campaigns (name, revoked_at)
      SELECT DISTINCT campaign, CASE WHEN campaign ~ '^stopped( [12]?\\d)?$' THEN now() END FROM "Invitation" WHERE campaign IS NOT NULL`);
    await client.query(`UPDATE "Invitation" SET phone = '+821020001111' WHERE id = ${Math.ceil(rows / 2)}`);
    await client.query(`INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at)
      SELECT 'bench-' || n, 1 + n * ${rows} / 501, now() + interval '1 hour' FROM generate_series(1, 500) n`);
    await client.query('VACUUM ANALYZE "Invitation", "RegisterSession", campaigns');
  });
  console.error(`${shape}: ${rows} rows`);
}

async function measure(shape: string, question: string): Promise<Measured> {
  const inProcess = await inTurns((side) => askInProcess(side, question));
  const overHttp = await inTurns((side) => askOverHttp(side, question));
  const measured = { shape, question, inProcess, overHttp };
  console.error(lineOf(measured));
  return measured;
}

/** @returns the medians of both sides, in milliseconds. */
async function inTurns(ask: (side: Side) => Promise<void>): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let run = -3; run < runs; run += 1) {
    for (const index of [0, 1] as const) {
      const begun = performance.now();
      await ask(sides[index]);
      if (run >= 0) times[index].push(performance.now() - begun);
    }
  }
  return [medianOf(times[0]), medianOf(times[1])];
}

function medianOf(times: number[]): number {
  return times.sort((left, right) => left - right)[times.length >> 1] ?? 0;
}

/** The same question of both, but for the place of the middle. */
function askedOf({ rows }: Side, question: string): Record<string, string> {
  const text = question.replace(':middle', encodeCursor(['id', rows >> 1]));
  return Object.fromEntries(new URLSearchParams(text));
}

async function askInProcess(side: Side, question: string): Promise<void> {
  const { cursor, limit = '50', ...written } = askedOf(side, question);
  const filters = acceptFilters(written as WrittenFilters, { phoneRegion: 'KR', timeZone: 'Asia/Seoul' }, true);
  if (!filters.ok) throw new Error(`the question ${question} is refused`);
  const wanted = { limit: Number(limit), cursor, total: 'capped', deadline: newDeadline() } as const;
  await listInvitations({ database: side.database, longWork }, filters.value, wanted);
}

function askOverHttp(side: Side, question: string): Promise<void> {
  const { agent, server, authorization } = side;
  const url = new URL(`/admin/invitations?${new URLSearchParams(askedOf(side, question))}`, server.url);
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, headers: { authorization } }, (response) => {
      response
        .resume()
        .once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${question}: ${response.statusCode}`))));
    });
    sent.once('error', reject).end();
  });
}

function lineOf({ shape, question, inProcess, overHttp }: Measured): string {
  const cells = [...inProcess, ...overHttp].map((milliseconds) => milliseconds.toFixed(1));
  return `| ${shape} | ${question === '' ? 'no filter' : `\`${question}\``} | ${cells.join(' | ')} |`;
}

function reportOf(measured: readonly Measured[]): string {
  const worst = questions.flatMap((question) => {
    const same = measured.filter((one) => one.question === question);
    return same.sort((left, right) => right.overHttp[1] - left.overHttp[1]).slice(0, 1);
  });
  const above = measured.filter(({ overHttp }) => overHttp[1] > goal).length;
  return `${circumstances()} PostgreSQL 15, its defaults. \`npm run bench:listing\`

A page of 50 with its capped total, of ${few.toLocaleString('en')} invitations and of ${many.toLocaleString('en')}, in ${chosen.length} shapes (\`bench/listing-shapes.ts\`): medians of ${runs} runs in
milliseconds, the two databases by turns. A page of ${many.toLocaleString('en')} may take ${goal} ms over HTTP (the built program, one connection that is kept): ${measured.length - above} of
${measured.length} pairs meet that.

For each question the shape in which it is slowest over HTTP:

| shape | question | statements, few | many | HTTP, few | many |
|---|---|---|---|---|---|
${worst.map(lineOf).join('\n')}
`;
}
