import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestDatabase } from '../../test/support/database.ts';
import { newDeadline } from '../../test/support/new-deadline.ts';
import { findPostgresqlBinaries } from '../../test/support/postgresql-binaries.ts';
import { testPoolerUrl, testServerUrl } from '../../test/support/test-server.ts';
import { parsePostgresqlUrl } from '../config/postgresql-address.ts';
import { startDeadline } from '../deadline.ts';
import { busyProblems } from '../overload/long-work.ts';
import { Problem } from '../problems.ts';
import { exactCountLimit } from '../time-limits.ts';
import { shareConnections } from './connection-share.ts';
import { statement } from './database.ts';
import { openPostgresql } from './postgresql.ts';

const hasServer = process.env.TEST_DATABASE_URL || findPostgresqlBinaries();
const skip = hasServer ? false : 'no PostgreSQL: TEST_DATABASE_URL is not set and no server programs were found';
const busy = busyProblems.operators_busy;
const isBusy = (error: unknown) => error instanceof Problem && error.kind === busy;
const isGone = { name: 'AbortError' };

async function open(poolSize: number, url = testServerUrl()) {
  const reading = parsePostgresqlUrl(await url);
  assert.ok('address' in reading);
  return openPostgresql(reading.address, { poolSize });
}

const one = statement<{ one: number }>('share_one', 'SELECT 1 AS one');
/** Nothing but being cancelled ends it within the time of a test. */
const endless = (name: string) => statement(`share_${name}`, `SELECT pg_sleep(300), '${name}'`);
const runningOf = (name: string) =>
  statement<{ running: number }>(
    'share_running',
    `SELECT count(*) AS running FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%''${name}''%'`,
  );

const twoMinutes = (gone: AbortSignal) => startDeadline({ ...exactCountLimit, total: 120_000, statement: 120_000 }, gone);

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(20)) if (await holds()) return;
  assert.fail(`not within a minute: ${what}`);
}

test('however many transactions go through a share, the other connections stay free', { skip }, async (t) => {
  const database = await open(4);
  t.after(() => database.close());
  const share = shareConnections(database, 2, { busy, milliseconds: 1 });
  const clients = Array.from({ length: 42 }, () => new AbortController());
  const crowd = Promise.allSettled(
    clients.map(({ signal }) => share.transaction((transaction) => transaction.run(endless('crowd')), twoMinutes(signal))),
  );
  await until('two are running', async () => (await database.run(runningOf('crowd'), [], newDeadline()))[0]?.running === 2);
  await assert.rejects(share.run(one, [], newDeadline()), isBusy);
  await assert.rejects(share.runQueued('some row', one, [], newDeadline()), isBusy);
  for (let times = 0; times < 20; times += 1) assert.deepEqual(await database.run(one, [], newDeadline()), [{ one: 1 }]);
  for (const client of clients) client.abort();
  const reasons = (await crowd).map((each) => (each.status === 'rejected' ? each.reason : undefined));
  assert.deepEqual([reasons.filter(isBusy).length, reasons.filter((reason) => reason?.name === 'AbortError').length], [40, 2]);
  assert.deepEqual(await share.run(one, [], newDeadline()), [{ one: 1 }], 'the places came back');
});

for (const [way, url] of [
  ['directly', testServerUrl],
  ['through a pooler', testPoolerUrl],
] as const) {
  test(`a statement whose client has gone is cancelled on the server, ${way}`, { skip }, async (t) => {
    const database = await open(2, url());
    t.after(() => database.close());
    const client = new AbortController();
    const name = way.replaceAll(' ', '_');
    const work = database.transaction((transaction) => transaction.run(endless(name)), twoMinutes(client.signal));
    await until('it is running', async () => (await database.run(runningOf(name), [], newDeadline()))[0]?.running === 1);
    client.abort();
    await assert.rejects(work, isGone);
    assert.deepEqual(await database.run(runningOf(name), [], newDeadline()), [{ running: 0 }]);
    // Both connections are of use, and nothing more is cancelled.
    for (let times = 0; times < 20; times += 1) {
      await Promise.all([1, 2].map(() => database.transaction((transaction) => transaction.run(one), newDeadline())));
    }
  });
}

test('a client that has gone before, or between two statements, gets nothing done', { skip }, async (t) => {
  const database = await open(2);
  t.after(() => database.close());
  await assert.rejects(
    database.transaction(async () => assert.fail('it was begun'), twoMinutes(AbortSignal.abort())),
    isGone,
  );
  const client = new AbortController();
  const second = database.transaction(async (transaction) => {
    await transaction.run(one);
    client.abort();
    await sleep(50);
    return transaction.run(endless('second'));
  }, twoMinutes(client.signal));
  await assert.rejects(second, isGone);
});

test('with one connection there is none to cancel with: the statement ends by itself, and nothing after it is cancelled', {
  skip,
}, async (t) => {
  const database = await open(1);
  t.after(() => database.close());
  const client = new AbortController();
  const work = database.transaction(
    (transaction) => transaction.run(statement('share_alone', 'SELECT pg_sleep(1)')),
    startDeadline({ ...exactCountLimit, statement: 5_000 }, client.signal),
  );
  await sleep(100);
  client.abort();
  await work.catch((error) => assert.equal(error.name, 'AbortError'));
  assert.deepEqual(await database.run(one, [], newDeadline()), [{ one: 1 }]);
});

test('on the embedded database one statement of a share at a time stands in the way of others', async (t) => {
  const { database, drop } = await openTestDatabase('embedded');
  t.after(drop);
  const share = shareConnections(database, 1, { busy });
  // When the server was done with it, whenever that is heard.
  const ended = 'extract(epoch FROM clock_timestamp())::float8 AS ended';
  const counting = statement<{ ended: number }>('share_counting', `SELECT count(*) AS n, ${ended} FROM generate_series(1, 100000)`);
  const crowd = Array.from({ length: 30 }, () => share.run(counting, [], newDeadline()));
  // The crowd has come first.
  await new Promise((resolve) => setImmediate(resolve));
  const [other] = await database.run(statement<{ ended: number }>('share_other', `SELECT ${ended}`), [], newDeadline());
  const before = (await Promise.all(crowd)).filter(([row]) => (row?.ended ?? 0) < (other?.ended ?? 0));
  assert.ok(before.length <= 3, `${before.length} of 30 came before it`);
});
