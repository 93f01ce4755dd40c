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
  proxied,
  skip,
  terminate,
} from '../../test/support/opened-postgresql.ts';
import { farewell, startSpeakingServer, welcome } from '../../test/support/speaking-server.ts';
import { startDeadline, withAtLeast } from '../deadline.ts';
import { Problem } from '../problems.ts';
import { exactCountLimit, requestLimit } from '../time-limits.ts';
import { type Database, statement } from './database.ts';
import { isUnavailable } from './database-errors.ts';
import { openPostgresql } from './postgresql.ts';

/** Resolves once the database answers again. */
async function untilServed(database: Pick<Database, 'run'>): Promise<void> {
  const until = performance.now() + noHang;
  while (!(await database.run(one, [], newDeadline()).catch(() => undefined))) {
    assert.ok(performance.now() < until, 'no request is served again');
    await sleep(20);
  }
}

test('a frozen server is given up within 3 s, and the pool recovers', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port }, { poolSize: 2 });
  await Promise.all([database.run(one, [], newDeadline()), database.run(one, [], newDeadline())]);
  freeze(true);
  // Two have a connection that no longer answers, the others wait for one.
  const times = await Promise.all(Array.from({ length: 6 }, () => assertUnavailable(database.run(one, [], newDeadline()))));
  t.diagnostic(`refused after ${times.map(Math.round).join(', ')} ms`);
  // The long form of test/faults/frozen-postgresql.test.ts measures it; here the machine may stand still.
  assert.ok(requestLimit.total < 3_000);
  assert.ok(Math.max(...times) < noHang, times.join(' '));
  const connecting = await assertUnavailable(database.transaction((transaction) => transaction.run(one), newDeadline()));
  t.diagnostic(`with no connection left, after ${Math.round(connecting)} ms`);
  assert.ok(connecting < noHang);
  freeze(false);
  await untilServed(database);
  assert.deepEqual(await Promise.all([database.run(one, [], newDeadline()), database.run(one, [], newDeadline())]), [
    [{ one: 1 }],
    [{ one: 1 }],
  ]);
  assert.ok(database.pool.totalCount <= 2);
});

/** @returns a deadline of a request for which so much is left. */
const withLeft = (milliseconds: number) => ({ ...newDeadline(), endsAt: performance.now() + milliseconds });

test('a request that asks several times is refused at its one deadline', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port }, { poolSize: 2 });
  await Promise.all([database.run(one, [], newDeadline()), database.run(one, [], newDeadline())]);
  freeze(true);
  const deadline = withLeft(800);
  assert.ok((await assertUnavailable(database.run(one, [], deadline))) >= 790);
  const isTooLate = (error: unknown) => error instanceof Problem && /no time is left/.test(String(error.cause));
  await assert.rejects(database.run(one, [], deadline), isTooLate);
  await assert.rejects(
    database.transaction((transaction) => transaction.run(one), deadline),
    isTooLate,
  );
  // After a hash the server gets a moment all the same.
  assert.ok((await assertUnavailable(database.run(one, [], withAtLeast(500, deadline)))) >= 490);
  freeze(false);
  await untilServed(database);
});

test('a statement that is given up at the deadline keeps its connection where the answer still comes', { skip }, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const before = await database.run(backend, [], newDeadline());
  await assertUnavailable(database.run(pause, [1], withLeft(300)));
  // It waits for the only connection, which is given back when the server has answered.
  assert.deepEqual(await database.run(backend, [], newDeadline()), before);
});

test('no statement begins, and no transaction commits, when no time is left for its answer', { skip }, async (t) => {
  const database = await open(t);
  const { hit, read } = await numbersTable(t);
  await assertUnavailable(database.run(hit, [1], withLeft(50)));
  const late = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    await sleep(500);
  }, withLeft(400));
  await assertUnavailable(late);
  assert.equal((await database.run(read, [], newDeadline())).find(({ value }) => value === 1)?.hits, 0);
});

test('a request that waited for a connection and then for a row leaves no statement behind that waits on', {
  skip,
}, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const other = await open(t);
  const { hit, read } = await numbersTable(t);
  await other.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    // They have 1.3 s left when the connection is free, and the connection's own limit for a lock is 1.9 s.
    const busy = database.run(pause, [1.5], newDeadline());
    await assert.rejects(database.runQueued('row 1', hit, [1], newDeadline()), isUnavailable);
    await busy;
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()`;
    assert.deepEqual(await other.run(statement('still_waiting', waiting), [hit.text.slice(0, 30)], newDeadline()), []);
  }, newDeadline());
  assert.equal((await database.run(read, [], newDeadline())).find(({ value }) => value === 1)?.hits, 1);
});

test('a server that freezes in the middle of a transaction undoes it', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port }, { poolSize: 1 });
  const { hit, read } = await numbersTable(t);
  const call = database.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    freeze(true);
    await transaction.run(hit, [2]);
  }, newDeadline());
  assert.ok((await assertUnavailable(call)) < noHang);
  freeze(false);
  assert.deepEqual(
    (await database.run(read, [], newDeadline())).map((row) => row.hits),
    [0, 0],
  );
});

test('neither a lock held elsewhere nor a slow statement is waited for longer than 2 s; both keep their connection', {
  skip,
}, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const other = await open(t);
  const { hit } = await numbersTable(t);
  const before = await database.run(backend, [], newDeadline());
  await other.transaction(async (transaction) => {
    await transaction.run(hit, [1]);
    const waited = await assertUnavailable(database.run(hit, [1], newDeadline()), '55P03');
    assert.ok(waited > 1_800 && waited < noHang, `${waited} ms`);
  }, newDeadline());
  const slow = await assertUnavailable(database.run(pause, [5], newDeadline()), '57014');
  assert.ok(slow > 1_900 && slow < noHang, `${slow} ms`);
  assert.deepEqual(await database.run(backend, [], newDeadline()), before);
});

test('a connection that dies while idle is replaced, one that dies while busy is a refusal', { skip }, async (t) => {
  const database = await open(t, {}, { poolSize: 1 });
  const other = await open(t);
  const [idle] = await database.run(backend, [], newDeadline());
  await other.run(terminate, [idle?.pid], newDeadline());
  while (database.pool.totalCount > 0) await sleep(5);
  const [busy] = await database.run(backend, [], newDeadline());
  assert.notEqual(busy?.pid, idle?.pid);
  const refused = assertUnavailable(database.run(pause, [2], newDeadline()), '57P01');
  await sleep(100);
  await other.run(terminate, [busy?.pid], newDeadline());
  assert.ok((await refused) < noHang);
  assert.deepEqual(await database.run(one, [], newDeadline()), [{ one: 1 }]);
});

test('a connection that is cut in the middle of a statement is a refusal', { skip }, async (t) => {
  const { cut, host, port } = await proxied(t);
  const database = await open(t, { host, port });
  const refused = [
    assertUnavailable(database.run(pause, [2], newDeadline())),
    assertUnavailable(database.transaction((each) => each.run(pause, [2]), newDeadline())),
  ];
  await sleep(200);
  cut();
  assert.ok(Math.max(...(await Promise.all(refused))) < noHang);
  assert.deepEqual(await database.run(one, [], newDeadline()), [{ one: 1 }]);
});

test('whatever a server gives as the reason for ending a connection, it is a refusal', async (t) => {
  // Corrupted data, a right that is gone, something that no version says yet.
  for (const code of ['XX001', '42501', 'ZZ999']) {
    const database = openPostgresql(addressOf(await startSpeakingServer(t, [welcome, farewell(code)])), { poolSize: 1 });
    t.after(() => database.close());
    await assertUnavailable(database.run(one, [], newDeadline()), code);
    await assertUnavailable(
      database.transaction((transaction) => transaction.run(one), newDeadline()),
      code,
    );
    assert.deepEqual(database.connections?.(), { total: 0, idle: 0, waiting: 0 }, code);
  }
});

test('after close every call is refused, and a server that does not answer the goodbye is left', { skip }, async (t) => {
  const { freeze, host, port } = await proxied(t);
  const database = await open(t, { host, port });
  await database.run(one, [], newDeadline());
  freeze(true);
  const startedAt = performance.now();
  await Promise.all([database.close(), database.close()]);
  assert.ok(performance.now() - startedAt < noHang);
  await assertUnavailable(database.run(one, [], newDeadline()));
});

test('a statement that takes long is cut when the pool is closed', { skip }, async (t) => {
  const database = await open(t);
  const refused = assertUnavailable(
    database.transaction(
      (transaction) => transaction.run(pause, [60]),
      startDeadline({ ...exactCountLimit, total: 60_000, statement: 60_000 }),
    ),
  );
  await sleep(100);
  const startedAt = performance.now();
  await database.close();
  assert.ok(performance.now() - startedAt < noHang);
  await refused;
});
