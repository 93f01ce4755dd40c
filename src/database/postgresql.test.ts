import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newDeadline } from '../../test/support/new-deadline.ts';
import {
  addressOf,
  assertUnavailable,
  backend,
  noHang,
  numbersTable,
  one,
  open,
  pause,
  setting,
  skip,
  skipPooled,
} from '../../test/support/opened-postgresql.ts';
import { freePort } from '../../test/support/temporary.ts';
import { testPoolerUrl, testServerUrl } from '../../test/support/test-server.ts';
import { startDeadline } from '../deadline.ts';
import { exportLimit, requestLimit, type TimeLimit } from '../time-limits.ts';
import { statement } from './database.ts';
import { isUnavailable, sqlstate, uniqueViolationOf } from './database-errors.ts';
import { explainConnectionFailure } from './explain-connection.ts';
import { openPostgresql } from './postgresql.ts';

test('rows come in the types that the interface promises', { skip }, async (t) => {
  const database = await open(t);
  const [row] = await database.run(
    statement(
      'types',
      `SELECT 9007199254740991::bigint AS big, count(*), ARRAY[1, NULL]::bigint[] AS bigs, ARRAY['a', NULL] AS texts, '2001-02-03'::date AS day,
         timestamptz '2001-02-03 04:05:06Z' AS moment, $1::text AS nothing, $2::text[] AS given`,
    ),
    [null, ['x', 'y, z']],
    newDeadline(),
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
  const values = await Promise.all(names.map(async (name) => (await database.run(setting, [name], newDeadline()))[0]?.value));
  assert.deepEqual(values, ['2s', '1900ms', '10s', 'chodae', '"Zweite ""Wahl""",pg_temp']);
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
  }, newDeadline());
  assert.equal(result, 1);
  await assert.rejects(late ?? Promise.resolve(), /after the end of its transaction/);
  const failure = new Error('no');
  const undone = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    throw failure;
  }, newDeadline());
  await assert.rejects(undone, failure);
  const swallowed = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    await transaction.run(insert, [1]).catch(() => undefined);
  }, newDeadline());
  await assert.rejects(swallowed, (error) => sqlstate(error) === '25P02');
  assert.equal((await database.run(read, [], newDeadline()))[0]?.hits, 1);
});

test('an ordinary error leaves the connection in the pool, with SQLSTATE and constraint and no value', { skip }, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const { insert, table } = await numbersTable(t);
  const before = await database.run(backend, [], newDeadline());
  await database.run(insert, [4711], newDeadline());
  const error: unknown = await database.run(insert, [4711], newDeadline()).catch((reason: unknown) => reason);
  assert.equal(uniqueViolationOf(error), `${table}_once`);
  assert.ok(error instanceof Error && !`${error.message} ${error.stack} ${JSON.stringify(error)}`.includes('4711'));
  assert.deepEqual(await database.run(backend, [], newDeadline()), before);
});

test('200 statements at once share three connections', { skip }, async (t) => {
  const database = await open(t);
  const { read, hit } = await numbersTable(t);
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => (index % 2 ? database.run(hit, [1], newDeadline()) : database.run(read, [], newDeadline()))),
  );
  assert.equal((await database.run(read, [], newDeadline()))[0]?.hits, 100);
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
    }, newDeadline());
  await Promise.all([inOrder(1, 2), inOrder(2, 1)]);
  assert.equal(attempts, 3);
  assert.deepEqual(
    (await database.run(read, [], newDeadline())).map((row) => row.hits),
    [2, 2],
  );
});

test('a change of the tables does not break prepared statements', { skip }, async (t) => {
  const database = await open(t);
  const { table, read } = await numbersTable(t);
  const readThreeAtOnce = () =>
    Promise.all([
      database.run(read, [], newDeadline()),
      database.run(read, [], newDeadline()),
      database.transaction((transaction) => transaction.run(read), newDeadline()),
    ]);
  await readThreeAtOnce();
  await database.run(statement(`alter_${table}`, `ALTER TABLE ${table} ADD COLUMN later text`), [], newDeadline());
  for (const rows of await readThreeAtOnce()) assert.deepEqual(rows[0], { value: 1, hits: 0, later: null });
  for (const rows of await readThreeAtOnce()) assert.equal(rows.length, 2);
});

test('a statement that was prepared while its table was empty uses the index when the table has grown', { skip }, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const run = (text: string) => database.run(statement(text, text), [], newDeadline());
  await run('CREATE TEMPORARY TABLE sign_ups (id text PRIMARY KEY)');
  await run('ANALYZE sign_ups');
  const byId = statement<{ id: string }>('sign_up_by_id', 'SELECT id FROM sign_ups WHERE id = $1');
  // From the sixth time on PostgreSQL keeps one plan for all values.
  for (let times = 0; times < 7; times += 1) await database.run(byId, ['1'], newDeadline());
  await run('INSERT INTO sign_ups SELECT generate_series(1, 10000)');
  const plan = await run("EXPLAIN EXECUTE sign_up_by_id('1')");
  assert.match(JSON.stringify(plan), /Index (Only )?Scan using sign_ups_pkey/);
});

test('long work may read whole tables', { skip }, async (t) => {
  const database = await open(t);
  const scans = (limit: TimeLimit) =>
    database.transaction(async (transaction) => (await transaction.run(setting, ['enable_seqscan']))[0]?.value, startDeadline(limit));
  assert.deepEqual([await scans(requestLimit), await scans(exportLimit)], ['off', 'on']);
});

test('where nothing can be reached the refusal is immediate and can be explained', { skip }, async (t) => {
  const unused = await open(t, { port: await freePort() });
  const stranger = await open(t, { database: 'no_such_database' });
  const cases = [
    [unused, /Nothing accepts connections/],
    [stranger, /no database "no_such_database"/],
  ] as const;
  for (const [database, sentence] of cases) {
    const error: unknown = await database.run(one, [], newDeadline()).catch((reason: unknown) => reason);
    assert.ok(isUnavailable(error));
    assert.match(explainConnectionFailure(error, addressOf(await testServerUrl(), { database: 'no_such_database' })) ?? '', sentence);
  }
});

test('behind a transaction pooler there are no named statements, and transactions bring their limits', { skip: skipPooled }, async (t) => {
  const database = openPostgresql(addressOf(await testPoolerUrl()), { poolSize: 3 });
  t.after(() => database.close());
  const { hit, read } = await numbersTable(t);
  await Promise.all(
    Array.from({ length: 60 }, (_, index) => (index % 2 ? database.run(hit, [1], newDeadline()) : database.run(read, [], newDeadline()))),
  );
  const limits = await database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    return Promise.all([
      (await transaction.run(setting, ['lock_timeout']))[0]?.value,
      (await transaction.run(setting, ['statement_timeout']))[0]?.value,
    ]);
  }, newDeadline());
  assert.deepEqual(limits, ['1900ms', '2s']);
  assert.equal((await database.run(setting, ['statement_timeout'], newDeadline()))[0]?.value, '0');
  assert.equal((await database.run(read, [], newDeadline()))[0]?.hits, 31);
  assert.ok(database.description.endsWith('through a transaction pooler'));
  const cut = await assertUnavailable(database.run(pause, [5], newDeadline()));
  assert.ok(cut > 2_600 && cut < noHang, `${cut} ms`);
});
