import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { openTestDatabase } from '../../test/support/database.ts';
import { skipWithoutRedis, startRedis, type TestRedis } from '../../test/support/redis.ts';
import type { Rate } from '../config/config.ts';
import { readConfig } from '../config/read-config.ts';
import type { Database } from '../database/database.ts';
import { databaseUnavailable } from '../database/unavailable.ts';
import { type Limiter, limiterOver } from './limiter.ts';
import { openLimits } from './open-limits.ts';
import { databaseCounter } from './shared-counters.ts';
import { restingAfterFailure } from './store-outage.ts';

const rate = { count: 5, seconds: 600 };
const silent = pino({ level: 'silent' });

function databaseLimiter(database: Pick<Database, 'run'>, { count, seconds }: Rate = rate): Limiter {
  const ask = restingAfterFailure({ log: silent, deadline: 20_000 });
  return limiterOver(databaseCounter(database, ask, 'test', { count, seconds }), 'test', rate, 'secret');
}

async function countAllowed(limiters: readonly Limiter[], requests: number, key = 'a'): Promise<number> {
  const taken = Array.from({ length: requests }, (_, index) => limiters[index % limiters.length]?.take(key));
  return (await Promise.all(taken)).filter((verdict) => verdict?.allowed).length;
}

async function withDatabase(context: TestContext): Promise<Awaited<ReturnType<typeof openTestDatabase>>> {
  const testDatabase = await openTestDatabase();
  context.after(() => testDatabase.drop());
  return testDatabase;
}

test('over four processes on one database exactly as many of 200 requests at once are allowed as the limit says', async (context) => {
  const { database } = await withDatabase(context);
  const replicas = Array.from({ length: 4 }, () => databaseLimiter(database));
  assert.equal(await countAllowed(replicas, 200), 5);
  assert.equal(await countAllowed(replicas, 200), 0);
  assert.equal(await countAllowed(replicas, 200, 'b'), 5);
});

test("the database's clock ends a window", async (context) => {
  const { database, query } = await withDatabase(context);
  const take = () => databaseLimiter(database).take('a');
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

test('what is given back counts for every process', async (context) => {
  const { database } = await withDatabase(context);
  const [first, second] = [databaseLimiter(database), databaseLimiter(database)];
  for (let round = 0; round < 5; round += 1) await first.take('a');
  await first.giveBack('a');
  assert.equal((await second.take('a')).allowed, true);
  assert.equal((await second.take('a')).allowed, false);
});

test('of a flood that comes at once no more than the limit reaches the database, and later none', async (context) => {
  const { database } = await withDatabase(context);
  const limiter = databaseLimiter(database);
  const run = context.mock.method(database, 'run');
  assert.equal(await countAllowed([limiter], 200), 5);
  assert.equal(run.mock.callCount(), 5);
  // Another process, which has counted nothing of this key itself.
  const other = databaseLimiter(database);
  assert.equal(await countAllowed([other], 1), 0);
  assert.equal(await countAllowed([other], 4), 0);
  assert.equal(run.mock.callCount(), 6);
});

test('without its store a limiter neither stops nor opens: the process counts on by itself, and asks again after a rest', async (context) => {
  const { database } = await withDatabase(context);
  const lines: string[] = [];
  const log = { warn: (_: object, text: string) => lines.push(text), info: (text: string) => lines.push(text) };
  let isDown = false;
  let asked = 0;
  const store: Pick<Database, 'run'> = {
    run: async (statement, values) => {
      asked += 1;
      if (isDown) throw databaseUnavailable(new Error('gone'));
      return database.run(statement, values);
    },
  };
  let now = 0;
  context.mock.method(performance, 'now', () => now);
  const ask = restingAfterFailure({ log: log as never, deadline: 20_000, rest: 5_000 });
  const limiter = limiterOver(databaseCounter(store, ask, 'test', rate), 'test', rate, 'secret');
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
    'the store of the limits does not answer: this process counts by itself',
    'requests are counted together with the other processes again',
  ]);
});

test('an answer to what was asked before the failure ends no outage, and is not told as its end', async () => {
  const lines: string[] = [];
  const log = { warn: (_: unknown, line: string) => lines.push(line), info: (line: string) => lines.push(line) };
  const ask = restingAfterFailure({ log: log as never, rest: 60_000 });
  const answered = ask(async () => {
    await delay(20);
    return 'counted';
  });
  await assert.rejects(ask(() => Promise.reject(new Error('one connection was cut'))));
  assert.equal(await answered, 'counted');
  assert.deepEqual(lines, ['the store of the limits does not answer: this process counts by itself']);
  await assert.rejects(
    ask(async () => 'counted too'),
    /rests/,
  );
});

test('a store that hangs is given up soon', async () => {
  const ask = restingAfterFailure({ log: silent, deadline: 20 });
  const hanging: Pick<Database, 'run'> = { run: () => new Promise(() => {}) };
  const limiter = limiterOver(databaseCounter(hanging, ask, 'test', rate), 'test', rate, 'secret');
  assert.equal(await countAllowed([limiter], 50), 5);
});

async function redisReplicas(redis: TestRedis, context: TestContext, count: number): Promise<Limiter[]> {
  const config = readConfig({ REDIS_URL: redis.url, RATE_LIMIT_VERIFY: '5/10m' });
  assert.ok(config.limits);
  const opened: Limiter[] = [];
  for (let replica = 0; replica < count; replica += 1) {
    const limits = openLimits(config.limits, { settings: config.database, opened: {} as Database }, silent);
    context.after(() => limits[Symbol.asyncDispose]());
    opened.push(limits.verify);
  }
  return opened;
}

test('over four processes on one Redis as well', { skip: skipWithoutRedis }, async (context) => {
  await using redis = await startRedis();
  const replicas = await redisReplicas(redis, context, 4);
  assert.equal(await countAllowed(replicas, 200), 5);
  assert.equal(await countAllowed(replicas, 200), 0);
  assert.equal(await countAllowed(replicas, 4, 'b'), 4);
  await replicas[0]?.giveBack('b');
  assert.equal(await countAllowed(replicas, 8, 'b'), 2);
});

test('a Redis that hangs, or is gone, leaves each process to itself', { skip: skipWithoutRedis }, async (context) => {
  await using redis = await startRedis();
  const replicas = await redisReplicas(redis, context, 2);
  assert.equal(await countAllowed(replicas, 2, 'b'), 2);
  redis.freeze();
  assert.equal(await countAllowed(replicas, 200), 10);
  redis.thaw();
});
