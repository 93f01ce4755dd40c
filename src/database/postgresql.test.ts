import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFragileProxy } from '../../test/support/fragile-proxy.ts';
import { findPgbouncer } from '../../test/support/pgbouncer.ts';
import { findPostgresqlBinaries } from '../../test/support/postgresql-binaries.ts';
import { farewell, startSpeakingServer, welcome } from '../../test/support/speaking-server.ts';
import { freePort } from '../../test/support/temporary.ts';
import { testPoolerUrl, testServerUrl } from '../../test/support/test-server.ts';
import type { PostgresqlAddress } from '../config/config.ts';
import { parsePostgresqlUrl } from '../config/postgresql-address.ts';
import { Problem } from '../errors.ts';
import { statement } from './database.ts';
import { openPostgresql, type PostgresqlOptions } from './postgresql.ts';
import { databaseProblems, explainConnectionFailure, sqlstate, uniqueViolationOf } from './unavailable.ts';

const hasServer = process.env.TEST_DATABASE_URL || findPostgresqlBinaries();
const skip = hasServer ? false : 'no PostgreSQL: TEST_DATABASE_URL is not set and no server programs were found';
const skipPooled = skip || (process.env.TEST_PGBOUNCER_URL || findPgbouncer() ? false : 'no PgBouncer on this machine');

function addressOf(text: string, changes: Partial<PostgresqlAddress> = {}): PostgresqlAddress {
  const reading = parsePostgresqlUrl(text);
  assert.ok('address' in reading);
  return { ...reading.address, ...changes };
}

async function open(t: TestContext, changes: Partial<PostgresqlAddress> = {}, options: Partial<PostgresqlOptions> = {}) {
  const database = openPostgresql(addressOf(await testServerUrl(), changes), { poolSize: 3, ...options });
  t.after(() => database.close());
  return database;
}

/** A table of this test alone, dropped at its end. */
async function numbersTable(t: TestContext) {
  const database = openPostgresql(addressOf(await testServerUrl()), { poolSize: 1 });
  const table = `numbers_${Math.random().toString(36).slice(2)}`;
  await database.run(
    statement(`create_${table}`, `CREATE TABLE ${table} (value integer CONSTRAINT ${table}_once UNIQUE, hits integer DEFAULT 0)`),
  );
  await database.run(statement(`fill_${table}`, `INSERT INTO ${table} VALUES (1), (2)`));
  t.after(async () => {
    await database.run(statement(`drop_${table}`, `DROP TABLE ${table}`));
    await database.close();
  });
  return {
    table,
    hit: statement(`hit_${table}`, `UPDATE ${table} SET hits = hits + 1 WHERE value = $1`),
    insert: statement(`insert_${table}`, `INSERT INTO ${table} (value) VALUES ($1)`),
    read: statement<{ value: number; hits: number }>(`read_${table}`, `SELECT * FROM ${table} ORDER BY value`),
  };
}

async function proxied(t: TestContext) {
  const { host, port } = addressOf(await testServerUrl());
  const proxy = await startFragileProxy({ host, port });
  t.after(() => proxy.stop());
  return proxy;
}

/** Milliseconds; far above every limit, because the machine may be busy. The long forms of `test/faults` measure the limits themselves. */
const noHang = 8_000;

const isDatabaseUnavailable = (error: unknown) => error instanceof Problem && error.kind === databaseProblems.database_unavailable;

/** @returns milliseconds until the refusal. */
async function assertUnavailable(call: Promise<unknown>, state?: string): Promise<number> {
  const startedAt = performance.now();
  await assert.rejects(call, (error) => isDatabaseUnavailable(error) && sqlstate(error) === state);
  return performance.now() - startedAt;
}

const one = statement<{ one: number }>('one', 'SELECT 1 AS one');
const backend = statement<{ pid: number }>('backend', 'SELECT pg_backend_pid() AS pid');
const terminate = statement('terminate', 'SELECT pg_terminate_backend($1)');
const pause = statement('pause', 'SELECT pg_sleep($1)');
const setting = statement<{ value: string }>('setting', 'SELECT current_setting($1) AS value');

test('rows come in the types that the interface promises', { skip }, async (t) => {
  const database = await open(t);
  const [row] = await database.run(
    statement(
      'types',
      `SELECT 9007199254740991::bigint AS big, count(*), ARRAY[1, NULL]::bigint[] AS bigs, ARRAY['a', NULL] AS texts, '2001-02-03'::date AS day,
         timestamptz '2001-02-03 04:05:06Z' AS moment, $1::text AS nothing, $2::text[] AS given`,
    ),
    [null, ['x', 'y, z']],
  );
  assert.deepEqual(row, {
    big: 9007199254740991,
    count: 1,
    bigs: [1, null],
    texts: ['a', null],
    day: '2001-02-03',
    moment: new Date('2001-02-03T04:05:06Z'),
    nothing: null,
    given: ['x', 'y, z'],
  });
  assert.match(database.description, /^PostgreSQL .*database \w+, as \w+$/);
});

test('the session has its limits, its name and its schema from the start', { skip }, async (t) => {
  const database = await open(t, { schema: 'Zweite "Wahl"' });
  const names = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'application_name', 'search_path'];
  const values = await Promise.all(names.map(async (name) => (await database.run(setting, [name]))[0]?.value));
  assert.deepEqual(values, ['2500ms', '2s', '10s', 'chodae', '"Zweite ""Wahl"""']);
});

test('a transaction commits when its work resolves and rolls back when it rejects', { skip }, async (t) => {
  const database = await open(t);
  const { hit, insert, read } = await numbersTable(t);
  let late: Promise<unknown> | undefined;
  const result = await database.transaction(async (transaction) => {
    assert.equal((await transaction.run(setting, ['transaction_isolation']))[0]?.value, 'read committed');
    await transaction.run(hit, [1]);
    late = sleep(200).then(() => transaction.run(hit, [1]));
    late.catch(() => {});
    return (await transaction.run(read))[0]?.hits;
  });
  assert.equal(result, 1);
  await assert.rejects(late ?? Promise.resolve(), /after the end of its transaction/);
  const failure = new Error('no');
  const undone = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    throw failure;
  });
  await assert.rejects(undone, failure);
  const swallowed = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    await transaction.run(insert, [1]).catch(() => undefined);
  });
  await assert.rejects(swallowed, (error) => sqlstate(error) === '25P02');
  assert.equal((await database.run(read))[0]?.hits, 1);
});

test('an ordinary error leaves the connection in the pool, with SQLSTATE and constraint and no value', { skip }, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const { insert, table } = await numbersTable(t);
  const before = await database.run(backend);
  await database.run(insert, [4711]);
  const error: unknown = await database.run(insert, [4711]).catch((reason: unknown) => reason);
  assert.equal(uniqueViolationOf(error), `${table}_once`);
  assert.ok(error instanceof Error && !`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes('4711'));
  assert.deepEqual(await database.run(backend), before);
});

test('a frozen server is given up within 3 s, and the pool recovers', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port }, { poolSize: 2 });
  await Promise.all([database.run(one), database.run(one)]);
  freeze(true);
  // Two have a connection that no longer answers, the others wait for one.
  const times = await Promise.all(Array.from({ length: 6 }, () => assertUnavailable(database.run(one))));
  t.diagnostic(`refused after ${times.map(Math.round).join(', ')} ms`);
  assert.ok(Math.max(...times) < noHang, times.join(' '));
  const connecting = await assertUnavailable(database.transaction((transaction) => transaction.run(one)));
  t.diagnostic(`with no connection left, after ${Math.round(connecting)} ms`);
  assert.ok(connecting < noHang);
  freeze(false);
  assert.deepEqual(await Promise.all([database.run(one), database.run(one)]), [[{ one: 1 }], [{ one: 1 }]]);
  assert.ok(database.pool.totalCount <= 2);
});

test('whoever has waited already is refused sooner, but a server gets half a second in any case', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port }, { poolSize: 1 });
  await database.run(one);
  freeze(true);
  const refusedAfter: number[] = [];
  for (const waited of [60_000, 2_000])
    refusedAfter.push(await assertUnavailable(database.run(one, [], { askedAt: performance.now() - waited })));
  t.diagnostic(`refused after ${refusedAfter.map(Math.round).join(' and ')} ms`);
  for (const milliseconds of refusedAfter) assert.ok(milliseconds >= 390 && milliseconds < 2_700, String(refusedAfter));
  freeze(false);
  assert.deepEqual(await database.run(one, [], { askedAt: performance.now() - 60_000 }), [{ one: 1 }]);
});

test('a server that freezes in the middle of a transaction undoes it', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port }, { poolSize: 1 });
  const { hit, read } = await numbersTable(t);
  const call = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    freeze(true);
    await transaction.run(hit, [2]);
  });
  assert.ok((await assertUnavailable(call)) < noHang);
  freeze(false);
  assert.deepEqual(
    (await database.run(read)).map((row) => row.hits),
    [0, 0],
  );
});

test('a lock that somebody else holds is waited for 2 s, a slow statement 2.5 s; both keep their connection', { skip }, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const other = await open(t);
  const { hit } = await numbersTable(t);
  const before = await database.run(backend);
  await other.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    const waited = await assertUnavailable(database.run(hit, [1]), '55P03');
    assert.ok(waited > 1_900 && waited < noHang, `${waited} ms`);
  });
  const slow = await assertUnavailable(database.run(pause, [5]), '57014');
  assert.ok(slow > 2_400 && slow < noHang, `${slow} ms`);
  assert.deepEqual(await database.run(backend), before);
});

test('a connection that dies while idle is replaced, one that dies while busy is a refusal', { skip }, async (t) => {
  const idleErrors: Error[] = [];
  const database = await open(t, {}, { poolSize: 1, onIdleError: (error) => idleErrors.push(error) });
  const other = await open(t);
  const [idle] = await database.run(backend);
  await other.run(terminate, [idle?.pid]);
  while (database.pool.totalCount > 0) await sleep(5);
  assert.equal(idleErrors.length, 1);
  const [busy] = await database.run(backend);
  assert.notEqual(busy?.pid, idle?.pid);
  const refused = assertUnavailable(database.run(pause, [2]), '57P01');
  await sleep(100);
  await other.run(terminate, [busy?.pid]);
  assert.ok((await refused) < noHang);
  assert.deepEqual(await database.run(one), [{ one: 1 }]);
});

test('a connection that is cut in the middle of a statement is a refusal', { skip }, async (t) => {
  const { cut, host, port } = await proxied(t);
  const database = await open(t, { host, port });
  const refused = [assertUnavailable(database.run(pause, [2])), assertUnavailable(database.transaction((each) => each.run(pause, [2])))];
  await sleep(200);
  cut();
  assert.ok(Math.max(...(await Promise.all(refused))) < noHang);
  assert.deepEqual(await database.run(one), [{ one: 1 }]);
});

test('whatever a server gives as the reason for ending a connection, it is a refusal', async (t) => {
  // Corrupted data, a right that is gone, something that no version says yet.
  for (const code of ['XX001', '42501', 'ZZ999']) {
    const database = openPostgresql(addressOf(await startSpeakingServer(t, [welcome, farewell(code)])), { poolSize: 1 });
    t.after(() => database.close());
    await assertUnavailable(database.run(one), code);
    await assertUnavailable(
      database.transaction((transaction) => transaction.run(one)),
      code,
    );
    assert.deepEqual(database.connections?.(), { total: 0, idle: 0, waiting: 0 }, code);
  }
});

test('200 statements at once share three connections', { skip }, async (t) => {
  const database = await open(t);
  const { read, hit } = await numbersTable(t);
  await Promise.all(Array.from({ length: 200 }, (_, index) => (index % 2 ? database.run(hit, [1]) : database.run(read))));
  assert.equal((await database.run(read))[0]?.hits, 100);
  assert.ok(database.pool.totalCount <= 3);
});

test('a deadlock is tried again', { skip }, async (t) => {
  const database = await open(t);
  const { hit, read } = await numbersTable(t);
  let attempts = 0;
  const inOrder = (first: number, second: number) =>
    database.transaction(async (transaction) => {
      attempts += 1;
      await transaction.run(hit, [first]);
      if (attempts <= 2) await sleep(100);
      await transaction.run(hit, [second]);
    });
  await Promise.all([inOrder(1, 2), inOrder(2, 1)]);
  assert.equal(attempts, 3);
  assert.deepEqual(
    (await database.run(read)).map((row) => row.hits),
    [2, 2],
  );
});

test('a change of the tables does not break prepared statements', { skip }, async (t) => {
  const database = await open(t);
  const { table, read } = await numbersTable(t);
  const readThreeAtOnce = () =>
    Promise.all([database.run(read), database.run(read), database.transaction((transaction) => transaction.run(read))]);
  await readThreeAtOnce();
  await database.run(statement(`alter_${table}`, `ALTER TABLE ${table} ADD COLUMN later text`));
  for (const rows of await readThreeAtOnce()) assert.deepEqual(rows[0], { value: 1, hits: 0, later: null });
  for (const rows of await readThreeAtOnce()) assert.equal(rows.length, 2);
});

test('after close every call is refused, and a server that does not answer the goodbye is left', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port });
  await database.run(one);
  freeze(true);
  const startedAt = performance.now();
  await Promise.all([database.close(), database.close()]);
  assert.ok(performance.now() - startedAt < noHang);
  await assertUnavailable(database.run(one));
});

test('a statement that takes long is cut when the pool is closed', { skip }, async (t) => {
  const database = await open(t);
  const limits = { statementMilliseconds: 60_000 };
  const refused = assertUnavailable(database.transaction((transaction) => transaction.run(pause, [60]), limits));
  await sleep(100);
  const startedAt = performance.now();
  await database.close();
  assert.ok(performance.now() - startedAt < noHang);
  await refused;
});

test('where nothing can be reached the refusal is immediate and can be explained', { skip }, async (t) => {
  const nobody = await open(t, { port: await freePort() });
  const stranger = await open(t, { database: 'no_such_database' });
  const cases = [
    [nobody, /Nothing accepts connections/],
    [stranger, /no database "no_such_database"/],
  ] as const;
  for (const [database, sentence] of cases) {
    const error: unknown = await database.run(one).catch((reason: unknown) => reason);
    assert.ok(isDatabaseUnavailable(error));
    assert.match(explainConnectionFailure(error, addressOf(await testServerUrl(), { database: 'no_such_database' })) ?? '', sentence);
  }
});

test('behind a transaction pooler there are no named statements, and transactions bring their limits', { skip: skipPooled }, async (t) => {
  const database = openPostgresql(addressOf(await testPoolerUrl()), { poolSize: 3 });
  t.after(() => database.close());
  const { hit, read } = await numbersTable(t);
  await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 ? database.run(hit, [1]) : database.run(read))));
  const limits = await database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    return Promise.all([
      (await transaction.run(setting, ['lock_timeout']))[0]?.value,
      (await transaction.run(setting, ['statement_timeout']))[0]?.value,
    ]);
  });
  assert.deepEqual(limits, ['2s', '2500ms']);
  assert.equal((await database.run(setting, ['statement_timeout']))[0]?.value, '0');
  assert.equal((await database.run(read))[0]?.hits, 31);
  assert.ok(database.description.endsWith('through a transaction pooler'));
  const cut = await assertUnavailable(database.run(pause, [5]));
  assert.ok(cut > 2_600 && cut < noHang, `${cut} ms`);
});
