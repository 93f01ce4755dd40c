import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmptyDatabase, emptyDatabase } from '../support/empty-database.ts';
import { readSamples, type Samples, sumOf } from '../support/prometheus-text.ts';
import { insertInvitation, insertReadySessions } from '../support/ready-sessions.ts';
import { runChodae } from '../support/run-chodae.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { samplePhone, signUpClient } from '../support/sign-up-client.ts';
import { countWaiting, sessionLine } from '../support/starting-line.ts';

/** Seconds after which something that should have come will not. */
const patienceSeconds = 40;
const workers = 3;
const died = [/a worker died/];

async function startCrew(database: EmptyDatabase, settings: Readonly<Record<string, string>> = {}, allow: readonly RegExp[] = []) {
  const environment = { ...database.environment, BCRYPT_COST: '10', DATABASE_POOL_SIZE: '4', METRICS_PORT: '0', ...settings };
  const server = await startServer({ environment, args: ['--workers', String(workers)], allow });
  await until(() => server.output().includes('Metrics  '));
  await until(() => workersOf(server).length === workers);
  await until(async () => (await metricsOf(server)).get('chodae_workers') === workers);
  return server;
}

function workersOf(server: ServerProcess): number[] {
  try {
    const lines = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.process.pid)], { encoding: 'utf8' });
    return lines.trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

async function metricsOf(server: ServerProcess): Promise<Samples> {
  const url = /Metrics +(http\S+)/.exec(server.output())?.[1] ?? assert.fail(server.output());
  const answer = await fetch(url);
  // A worker that starts or dies may not answer in time.
  return answer.ok ? readSamples(await answer.text()) : new Map();
}

/** Over a connection of its own, which goes to whatever worker is next. */
async function ask(server: ServerProcess, path = '/healthz', headers = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers: { connection: 'close', ...headers } });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceSeconds * 1000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'what was waited for did not come');
    await delay(20);
  }
}

test('workers share one port; the schema is migrated and the start is told once', async () => {
  await using database = await emptyDatabase('postgresql');
  await using server = await startCrew(database);
  const times = (text: string) => server.output().split(text).length - 1;
  assert.deepEqual([times('Chodae is ready'), times('migrations applied'), times('Database  '), times('Metrics  ')], [1, 1, 1, 1]);
  assert.match(server.output(), new RegExp(`Workers +${workers}\\n`));
  for (let request = 0; request < 2 * workers; request += 1) assert.equal((await ask(server)).status, 200);
  const pids = workersOf(server);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), 'a worker is still there');
  assert.equal(server.output().split('SIGTERM: finishing').length - 1, 1);
});

test('the metrics of all workers are added up, also when a worker was restarted', async () => {
  await using database = await emptyDatabase('postgresql');
  await using server = await startCrew(database, {}, died);
  const answered = (samples: Samples) => samples.get('chodae_http_requests_total{method="GET",route="/healthz",status="200"}') ?? 0;
  for (let request = 0; request < 30; request += 1) await ask(server);
  assert.equal(answered(await metricsOf(server)), 30);

  const [victim = 0] = workersOf(server);
  process.kill(victim, 'SIGKILL');
  await until(async () => (await metricsOf(server)).get('chodae_worker_restarts_total') === 1);
  await until(() => workersOf(server).length === workers && !workersOf(server).includes(victim));
  await until(async () => (await metricsOf(server)).get('chodae_workers') === workers);
  // What the dead worker had counted is gone: counters may restart.
  const left = answered(await metricsOf(server));
  assert.ok(left < 30, `${left}`);

  const key = `chodae_key_${randomBytes(20).toString('hex')}`;
  await database.query(
    `INSERT INTO operator_keys (label, role, key_hash, hint, created_by) VALUES ('monitoring', 'viewer', $1, 'chodae_key_', 'test')`,
    [createHash('sha256').update(key).digest('hex')],
  );
  // Each worker answers for all of them.
  const scraped = readSamples(await (await ask(server, '/metrics', { authorization: `Bearer ${key}` })).text());
  assert.equal(answered(scraped), left);
  assert.ok(sumOf(scraped, 'process_resident_memory_bytes') > 0);
});

test('while one worker after another is killed, requests are always answered', async () => {
  await using database = await emptyDatabase('postgresql');
  await using server = await startCrew(database, {}, died);
  for (const victim of workersOf(server).slice(1)) {
    process.kill(victim, 'SIGKILL');
    await until(() => !workersOf(server).includes(victim));
    for (let request = 0; request < 10; request += 1) assert.equal((await ask(server)).status, 200);
  }
  await until(() => workersOf(server).length === workers);
});

test('a stop lets the request under way in a worker finish', async () => {
  await using database = await emptyDatabase('postgresql');
  await using server = await startCrew(database);
  const [session = ''] = await insertReadySessions(database.query, await insertInvitation(database.query, 'LAST'), 1);
  await database.query('BEGIN');
  const line = sessionLine(session);
  await database.query(line.sql, line.values);
  const answer = signUpClient(server.url).phone(session, samplePhone());
  await until(async () => (await countWaiting(database.query)) === 1);
  server.process.kill('SIGTERM');
  await until(() => server.output().includes('SIGTERM: finishing'));
  server.process.kill('SIGTERM');
  await database.query('COMMIT');
  assert.equal((await answer).status, 200);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
});

test('when the primary process is killed no worker stays behind', async () => {
  await using database = await emptyDatabase('postgresql');
  const server = await startCrew(database);
  const pids = workersOf(server);
  // Not `kill`, which would end the workers as well.
  process.kill(server.process.pid ?? 0, 'SIGKILL');
  for (const pid of pids) await until(() => !isAlive(pid));
  await server.exited;
});

test('where no worker can be started any more the primary process ends with 1', async () => {
  await using database = await emptyDatabase('postgresql');
  const server = await startCrew(database, {}, [...died, /no worker can be started/, /newer version of Chodae/]);
  await database.query(`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)`);
  for (const pid of workersOf(server)) process.kill(pid, 'SIGKILL');
  assert.deepEqual(await server.exited, { code: 1, signal: null });
  assert.deepEqual(server.unexpectedLines(), []);
  assert.ok(server.output().includes('no worker can be started'));
});

test('what keeps every worker from starting is said once, and the exit code is 1', async () => {
  await using database = await emptyDatabase('postgresql');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const ended = await runChodae(['serve', '--workers', '3', '--port', String(port)], { environment: database.environment });
  other.close();
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, new RegExp(`^Port ${port} is in use by another program\\..*\\n$`));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
