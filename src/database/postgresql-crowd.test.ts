import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDeadline } from '../../test/support/new-deadline.ts';
import { findPostgresqlBinaries } from '../../test/support/postgresql-binaries.ts';
import { testServerUrl } from '../../test/support/test-server.ts';
import { parsePostgresqlUrl } from '../config/postgresql-address.ts';
import { startDeadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import { exactCountLimit } from '../time-limits.ts';
import { statement } from './database.ts';
import { databaseProblems } from './database-errors.ts';
import { openPostgresql } from './postgresql.ts';

const hasServer = process.env.TEST_DATABASE_URL || findPostgresqlBinaries();
const skip = hasServer ? false : 'no PostgreSQL: TEST_DATABASE_URL is not set and no server programs were found';

async function openTwoPlaces() {
  const reading = parsePostgresqlUrl(await testServerUrl());
  assert.ok('address' in reading);
  return openPostgresql(reading.address, { poolSize: 2 });
}

const slow = statement('crowd_slow', 'SELECT pg_sleep(1.5)');
const quick = statement('crowd_quick', 'SELECT 1 AS one');

test('of a crowd that a slow server keeps waiting, those who would wait too long are refused at once', { skip }, async (t) => {
  const database = await openTwoPlaces();
  t.after(() => database.close());
  const ended: string[] = [];
  const noted = (name: string, work: Promise<unknown>) => work.finally(() => ended.push(name));
  // So the pool knows that a connection is taken for 0.5 s and more.
  for (let times = 0; times < 2; times += 1)
    await Promise.all([database.run(slow, [], newDeadline()), database.run(slow, [], newDeadline())]);
  const busy = [noted('slow', database.run(slow, [], newDeadline())), noted('slow', database.run(slow, [], newDeadline()))];
  const crowd = await Promise.allSettled(Array.from({ length: 100 }, () => noted('quick', database.run(quick, [], newDeadline()))));
  await Promise.all(busy);
  const refused = crowd.filter((each) => each.status === 'rejected');
  // Average hold 0.2 × 1.5 s, four times: 0.88 s. (waiting + 1) × 0.88 s / 2 connections is above 2 s from the fifth on; later on a busy machine.
  assert.ok(refused.length >= 90, `${refused.length}`);
  for (const { reason } of refused) assert.ok(reason instanceof Problem && reason.kind === databaseProblems.database_unavailable);
  assert.equal(ended.indexOf('slow'), refused.length, 'the refusals came before anything ended');
  assert.deepEqual(await database.run(quick, [], newDeadline()), [{ one: 1 }]);
});

test('a crowd is refused at once in the first stall too, when no slow statement has ended yet', { skip }, async (t) => {
  const [database, other] = [await openTwoPlaces(), await openTwoPlaces()];
  t.after(() => Promise.all([database.close(), other.close()]));
  await Promise.all([database, database, other].map((each) => each.run(quick, [], newDeadline())));
  const ended: string[] = [];
  const noted = (name: string, work: Promise<unknown>) => work.finally(() => ended.push(name));
  const busy = [noted('slow', database.run(slow, [], newDeadline())), noted('slow', database.run(slow, [], newDeadline()))];
  // The server's clock: both have run for 0.7 s, less what it took to send them.
  await other.run(statement('crowd_pause', 'SELECT pg_sleep(0.7)'), [], newDeadline());
  const crowd = await Promise.allSettled(Array.from({ length: 100 }, () => noted('quick', database.run(quick, [], newDeadline()))));
  await Promise.all(busy);
  const refused = crowd.filter((each) => each.status === 'rejected');
  // 0.7 s × (waiting + 1) / 2 connections is above 2 s from the sixth on; a little later where sending took long.
  assert.ok(refused.length >= 90, `${refused.length}`);
  assert.equal(ended.indexOf('slow'), refused.length, 'the refusals came before anything ended');
});

test('a long transaction does not count in the average, so others still wait for a connection', { skip }, async (t) => {
  const database = await openTwoPlaces();
  t.after(() => database.close());
  for (let times = 0; times < 4; times += 1) {
    await database.transaction((transaction) => transaction.run(slow), startDeadline(exactCountLimit));
  }
  await Promise.all(Array.from({ length: 100 }, () => database.run(quick, [], newDeadline())));
});
