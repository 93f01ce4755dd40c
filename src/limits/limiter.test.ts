import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { openTestDatabase } from '../../test/support/database.ts';
import { skipWithoutRedis, startRedis } from '../../test/support/redis.ts';
import type { Rate } from '../config/config.ts';
import { databaseUnavailable } from '../database/database-errors.ts';
import { databaseStore } from './database-store.ts';
import { type Limiter, type LimitStore, sharedLimiter, takenAhead } from './limiter.ts';
import { openRedis, redisStore } from './redis-store.ts';
import { type OutageOptions, restingAfterFailure, withOutages } from './store-outage.ts';

const rate = { count: 5, seconds: 600 };
const silent = pino({ level: 'silent' });

/** Each call is one more process that shares the store. */
function processOn(store: LimitStore, processRate: Rate = rate, outages: Partial<OutageOptions> = {}): Limiter {
  const ask = restingAfterFailure({ log: silent, deadline: 20_000, ...outages });
  return sharedLimiter('test', processRate, { store: withOutages(store, ask), secret: 'secret' });
}

function processesOn(stores: readonly LimitStore[], processRate: Rate = rate): Limiter[] {
  return stores.map((store) => processOn(store, processRate));
}

const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

async function countAllowed(limiters: readonly Limiter[], requests: number, key = 'a'): Promise<number> {
  const taken = Array.from({ length: requests }, (_, index) => limiters[index % limiters.length]?.take(key));
  return (await Promise.all(taken)).filter((verdict) => verdict?.allowed).length;
}

async function countAllowedInTurn(limiters: readonly Limiter[], requests: number, key = 'a'): Promise<number> {
  let allowed = 0;
  for (let index = 0; index < requests; index += 1) allowed += await countAllowed([limiters[index % limiters.length] as Limiter], 1, key);
  return allowed;
}

async function withDatabase(context: TestContext) {
  const testDatabase = await openTestDatabase();
  context.after(() => testDatabase.drop());
  return { ...testDatabase, store: databaseStore(testDatabase.database) };
}

/** What must hold wherever processes count together. */
async function provesExact(stores: readonly LimitStore[]): Promise<void> {
  const replicas = processesOn(stores);
  assert.equal(await countAllowed(replicas, 200), 5);
  assert.equal(await countAllowed(replicas, 200), 0);
  assert.equal(await countAllowed(replicas, 4, 'b'), 4);
  await replicas[0]?.giveBack('b');
  assert.equal(await countAllowed(replicas, 8, 'b'), 2, 'what is given back at one is there at each');

  for (const count of [40, 50, 600]) {
    const key = `at once, ${count}`;
    assert.equal(await countAllowed(processesOn(stores, { count, seconds: 600 }), 4 * count, key), count);
    assert.equal(await countAllowedInTurn(processesOn(stores, { count, seconds: 600 }), count + 20, `in turn, ${count}`), count);
  }
}

test('over four processes on one database exactly as many requests are allowed as the limit says, at once and in turn', async (context) => {
  const { store } = await withDatabase(context);
  await provesExact(many(4, store));
});

test('over four processes on one Redis as well', { skip: skipWithoutRedis }, async () => {
  await using redis = await startRedis();
  const clients = Array.from({ length: 4 }, () => openRedis(redis.url));
  try {
    await provesExact(clients.map(redisStore));
  } finally {
    for (const client of clients) client.disconnect();
  }
});

test('a Redis that hangs leaves each process to itself', { skip: skipWithoutRedis }, async () => {
  await using redis = await startRedis();
  const clients = Array.from({ length: 2 }, () => openRedis(redis.url));
  const replicas = clients.map((client) => processOn(redisStore(client), rate, { deadline: 500 }));
  try {
    assert.equal(await countAllowed(replicas, 2, 'b'), 2);
    redis.freeze();
    assert.equal(await countAllowed(replicas, 200), 10);
    redis.thaw();
  } finally {
    for (const client of clients) client.disconnect();
  }
});

test('while plenty is left most requests cost no question to the store; near the end each costs one', async (context) => {
  const { store } = await withDatabase(context);
  const take = context.mock.method(store, 'take');
  const limiter = processOn(store, { count: 80, seconds: 600 });
  assert.equal(await countAllowedInTurn([limiter], 40), 40);
  assert.equal(take.mock.callCount(), 10, 'a twentieth of 80 is 4');
  assert.equal(await countAllowedInTurn([limiter], 40), 40);
  assert.equal(take.mock.callCount(), 10 + 40);
  assert.equal(await countAllowedInTurn([limiter], 10), 0);
  assert.equal(take.mock.callCount(), 10 + 40);
});

test('points are taken ahead up to a twentieth of the limit, and of a small limit not at all', () => {
  const aheadOf = (count: number) => takenAhead({ count, seconds: 60 }).ahead;
  assert.deepEqual([1, 5, 10, 39, 40, 60, 600, 2_000].map(aheadOf), [1, 1, 1, 1, 2, 3, 8, 8]);
});

test('what other processes hold ahead refuses an address early by no more than 7 for each of them', async (context) => {
  const { store } = await withDatabase(context);
  const limit = { count: 200, seconds: 600 };
  const others = processesOn(many(5, store), limit);
  // The address moves on to the last process, and its points at the five others stay unused.
  assert.equal(await countAllowed(others, 5), 5);
  assert.equal(await countAllowedInTurn([processOn(store, limit)], 250), 200 - 5 * 8);
  // They are there where the address comes back.
  assert.equal(await countAllowed(others, 50), 5 * 7);
});

test('an address whose requests are spread over several processes uses its whole limit', async (context) => {
  const { store } = await withDatabase(context);
  const limit = { count: 200, seconds: 600 };
  const processes = processesOn(many(5, store), limit);
  let allowed = 0;
  for (let index = 0; index < 200; index += 1) {
    // Bursts at one process after another, of different sizes.
    const taken = await processes[(index * 7 + (index >> 3)) % 5]?.take('a');
    if (taken?.allowed) allowed += 1;
  }
  assert.equal(allowed, 200);
});

test('a process that comes late takes one at a time where less than half is left', async (context) => {
  const { store } = await withDatabase(context);
  const limit = { count: 200, seconds: 600 };
  const first = processOn(store, limit);
  assert.equal(await countAllowedInTurn([first], 198), 198);
  const second = processOn(store, limit);
  assert.equal(await countAllowed([second], 1), 1);
  assert.equal(await countAllowed([first], 1), 1, 'the last one is not held by the other process');
});

test('points that were taken ahead end with their window', async (context) => {
  const { store, query } = await withDatabase(context);
  let now = 1_000;
  context.mock.method(performance, 'now', () => now);
  const limit = { count: 200, seconds: 600 };
  const limiter = processOn(store, limit);
  await limiter.take('a');
  await query('UPDATE rate_limits SET expires_at = now()');
  now += 601_000;
  assert.equal(await countAllowedInTurn([limiter, processOn(store, limit)], 250), 200);
});

test("the database's clock ends a window", async (context) => {
  const { store, query } = await withDatabase(context);
  const take = () => processOn(store).take('a');
  for (let round = 0; round < 7; round += 1) await take();
  assert.equal((await take()).allowed, false);
  await query("UPDATE rate_limits SET expires_at = now() + interval '30 seconds'");
  const { allowed, milliseconds } = await take();
  assert.ok(!allowed && milliseconds > 0 && milliseconds <= 30_000, String(milliseconds));
  await query('UPDATE rate_limits SET expires_at = now()');
  const verdict = await take();
  assert.deepEqual([verdict.allowed, verdict.remaining], [true, 4]);
  assert.ok(verdict.milliseconds > 590_000 && verdict.milliseconds <= 600_001, String(verdict.milliseconds));
});

test('what is given back counts for every process, also after requests over the limit', async (context) => {
  const { store } = await withDatabase(context);
  const [first, second] = [processOn(store), processOn(store)];
  for (let round = 0; round < 5; round += 1) await first.take('a');
  assert.equal((await processOn(store).take('a')).allowed, false);
  await first.giveBack('a');
  assert.equal((await second.take('a')).allowed, true);
  assert.equal((await second.take('a')).allowed, false);
});

test('of a flood that comes at once no more than the limit reaches the database, and later none', async (context) => {
  const { store } = await withDatabase(context);
  const take = context.mock.method(store, 'take');
  const limiter = processOn(store);
  assert.equal(await countAllowed([limiter], 200), 5);
  assert.equal(take.mock.callCount(), 5);
  // Another process, which has counted nothing of this key itself.
  const other = processOn(store);
  assert.equal(await countAllowed([other], 1), 0);
  assert.equal(await countAllowed([other], 4), 0);
  assert.equal(take.mock.callCount(), 6);
});

test('without its store a limiter neither stops nor opens: it counts in memory, and asks again after a rest', async (context) => {
  const { store } = await withDatabase(context);
  const lines: unknown[] = [];
  const log = { warn: (_: unknown, text?: unknown) => lines.push(text), info: (text: unknown) => lines.push(text) };
  let isDown = false;
  let asked = 0;
  const failing: LimitStore = {
    ...store,
    async take(...question) {
      asked += 1;
      if (isDown) throw databaseUnavailable(new Error('gone'));
      return store.take(...question);
    },
  };
  let now = 0;
  context.mock.method(performance, 'now', () => now);
  const limiter = processOn(failing, rate, { log, rest: 5_000 });
  for (let round = 0; round < 3; round += 1) assert.equal((await limiter.take('a')).allowed, true);
  isDown = true;
  assert.equal(await countAllowed([limiter], 10), 2);
  assert.ok(asked <= 5);
  const before = asked;
  assert.equal(await countAllowed([limiter], 5, 'b'), 5);
  assert.equal(asked, before, 'it rests');
  isDown = false;
  now = 5_001;
  assert.equal((await limiter.take('c')).allowed, true);
  assert.equal(asked, before + 1);
  assert.deepEqual(lines, [
    'rate limit store unavailable, counting in memory',
    'rate limit store available again, counting over all processes',
  ]);
});

test('an answer to what was asked before the failure does not end the outage', async () => {
  const lines: unknown[] = [];
  const log = { warn: (_: unknown, line?: unknown) => lines.push(line), info: (line: unknown) => lines.push(line) };
  const ask = restingAfterFailure({ log, rest: 60_000 });
  const answered = ask(async () => {
    await delay(20);
    return 'counted';
  });
  await assert.rejects(ask(() => Promise.reject(new Error('one connection was cut'))));
  assert.equal(await answered, 'counted');
  assert.deepEqual(lines, ['rate limit store unavailable, counting in memory']);
  await assert.rejects(
    ask(async () => 'counted too'),
    /rests/,
  );
});

test('a store that hangs is given up soon', async (context) => {
  const { store } = await withDatabase(context);
  const hanging: LimitStore = { ...store, take: () => new Promise(() => {}) };
  assert.equal(await countAllowed([processOn(hanging, rate, { deadline: 20 })], 50), 5);
});

test('the process that makes a key uses its reserve without asking, and all together never exceed the limit', async (context) => {
  const { store } = await withDatabase(context);
  const take = context.mock.method(store, 'take');
  const made = { count: 60, seconds: 600 };
  const processes = [1, 2, 3].map(() => sharedLimiter('made', made, { store, secret: 'secret', hasMaker: true }));
  const [maker, other] = processes as [Limiter, Limiter];
  maker.reserve('key');
  assert.equal(await countAllowed([maker], 6, 'key'), 6);
  await maker.giveBack('key');
  assert.equal((await maker.take('key')).remaining, 54);
  assert.equal(take.mock.callCount(), 0);
  assert.equal(await countAllowedInTurn(processes, 90, 'key'), 54);
  assert.equal(await countAllowed([other], 90, 'made by none of them'), 54);

  const single = sharedLimiter('single', { count: 1, seconds: 600 }, { store, secret: 'secret', hasMaker: true });
  single.reserve('key');
  assert.equal(await countAllowed([single], 5, 'key'), 1);
});
