import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openTestDatabase } from '../../test/support/database.ts';
import { skipWithoutRedis, startRedis } from '../../test/support/redis.ts';
import { databaseStore } from './database-store.ts';
import { type RefusedTry, sharedTries, type Try, type TryCounter } from './guess-budget.ts';
import type { LimitStore } from './limiter.ts';
import { memoryTries } from './memory-store.ts';
import { openRedis, redisStore } from './redis-store.ts';

const rate = { count: 5, seconds: 600, earned: 3, mostRights: 2 };
const triesOn = (store: Pick<LimitStore, 'takeTry' | 'settleTry'>) => sharedTries(store, 'guarded-verify', rate);

async function withDatabase(context: TestContext): Promise<Awaited<ReturnType<typeof openTestDatabase>>> {
  const testDatabase = await openTestDatabase();
  context.after(() => testDatabase.drop());
  return testDatabase;
}

const isTaken = (taken: Try | RefusedTry): taken is Try => taken.allowed;

async function takeAtOnce(processes: readonly TryCounter[], count: number, key = 'a'): Promise<Try[]> {
  const taken = Array.from({ length: count }, (_, index) => processes[index % processes.length]?.take(key) as Promise<Try | RefusedTry>);
  return (await Promise.all(taken)).filter(isTaken);
}

/** What must hold wherever tries are counted. */
async function provesExact(processes: readonly TryCounter[]): Promise<void> {
  const first = await takeAtOnce(processes, 100);
  assert.equal(first.length, 5);
  assert.deepEqual(first.map(({ remaining }) => remaining).sort(), [0, 1, 2, 3, 4]);
  assert.equal((await takeAtOnce(processes, 10)).length, 0, 'refused ones are not counted, and take nothing');

  await first[0]?.giveBack(false);
  assert.equal((await takeAtOnce(processes, 100)).length, 1, 'what is given back at one is there at each');
  await first[1]?.giveBack(true);
  assert.equal((await takeAtOnce(processes, 100)).length, 1 + 3, 'a right one earns three');
  for (const one of first.slice(2)) await one.giveBack(true);
  assert.equal((await takeAtOnce(processes, 100)).length, 3 + 3, 'no more than two right ones earn some');
  assert.equal((await takeAtOnce(processes, 100, 'b')).length, 5);
}

test('exact where it is counted in memory', () => provesExact([memoryTries(rate)]));

test('exact over four processes on one database', async (context) => {
  const { database } = await withDatabase(context);
  await provesExact(Array.from({ length: 4 }, () => triesOn(databaseStore(database))));
});

test('exact over four processes on one Redis', { skip: skipWithoutRedis }, async () => {
  await using redis = await startRedis();
  const clients = Array.from({ length: 4 }, () => openRedis(redis.url));
  try {
    await provesExact(clients.map((client) => triesOn(redisStore(client))));
  } finally {
    for (const client of clients) client.disconnect();
  }
});

test("the database's clock ends a window, and what comes back later gives the next one nothing", async (context) => {
  const { database, query } = await withDatabase(context);
  const processes = [triesOn(databaseStore(database))];
  const [late] = await takeAtOnce(processes, 10);
  await query("UPDATE rate_limits SET expires_at = now() - interval '1 second'");
  assert.equal((await takeAtOnce(processes, 10)).length, 5);
  await late?.giveBack(true);
  assert.equal((await takeAtOnce(processes, 10)).length, 0);
});

test('without its store a process counts in memory, and gives no new allowance', async (context) => {
  const { database } = await withDatabase(context);
  const store = databaseStore(database);
  let isDown = false;
  const failing: LimitStore = {
    ...store,
    async takeTry(...question) {
      if (isDown) throw new Error('gone');
      return store.takeTry(...question);
    },
  };
  const process = triesOn(failing);
  const [first] = await takeAtOnce([process], 3);
  isDown = true;
  assert.equal((await takeAtOnce([process], 10)).length, 2);
  await first?.giveBack(false);
  assert.equal((await takeAtOnce([process], 10)).length, 1);
});
