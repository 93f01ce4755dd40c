import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { memoryLimiter } from './limiter.ts';
import { memoryCounter, memoryTries } from './memory-store.ts';

let now = 0;
beforeEach(() => {
  now = 1_000_000;
  mock.method(performance, 'now', () => now);
});
afterEach(() => mock.restoreAll());

const fiveInAMinute = { count: 5, seconds: 60 };

function limiterOf(mostKeys?: number) {
  return memoryLimiter('test', fiveInAMinute, 'secret', memoryCounter(fiveInAMinute, mostKeys));
}

test('of 200 requests at once exactly as many as the limit are allowed', async () => {
  const limiter = limiterOf();
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => limiter.take('a')));
  assert.equal(verdicts.filter(({ allowed }) => allowed).length, 5);
  assert.equal((await limiter.take('b')).allowed, true);
});

test('a verdict tells what is left and until when', async () => {
  const limiter = limiterOf();
  assert.deepEqual(await limiter.take('a'), { allowed: true, remaining: 4, milliseconds: 60_000 });
  now += 20_000;
  for (let round = 0; round < 4; round += 1) await limiter.take('a');
  assert.deepEqual(await limiter.take('a'), { allowed: false, remaining: 0, milliseconds: 40_000 });
});

test('a window ends a fixed time after its first request, and refused requests do not prolong it', async () => {
  const limiter = limiterOf();
  for (let round = 0; round < 50; round += 1) await limiter.take('a');
  now += 59_999;
  assert.equal((await limiter.take('a')).allowed, false);
  now += 1;
  assert.deepEqual(await limiter.take('a'), { allowed: true, remaining: 4, milliseconds: 60_000 });
});

test('a count that is given back can be taken again', async () => {
  const limiter = limiterOf();
  for (let round = 0; round < 6; round += 1) await limiter.take('a');
  await limiter.giveBack('a');
  assert.equal((await limiter.take('a')).allowed, true);
  assert.equal((await limiter.take('a')).allowed, false);
});

test('keys in memory are bounded: the one whose window began first is forgotten', async () => {
  const limiter = limiterOf(3);
  const exhaust = async (key: string) => {
    for (let round = 0; round < 5; round += 1) await limiter.take(key);
  };
  for (const key of ['a', 'b', 'c']) await exhaust(key);
  assert.equal((await limiter.take('d')).allowed, true);
  assert.equal((await limiter.take('b')).allowed, false);
  assert.equal((await limiter.take('c')).allowed, false);
  assert.equal((await limiter.take('a')).allowed, true);
});

test('a flood of 100,000 keys leaves no more than the bound in memory', () => {
  const counter = memoryCounter(fiveInAMinute, 1_000);
  for (let key = 0; key < 100_000; key += 1) counter.take(String(key));
  assert.equal(counter.keys().length, 1_000);
});

test('no key is kept as it came', async () => {
  const counter = memoryCounter(fiveInAMinute);
  await memoryLimiter('test', fiveInAMinute, 'secret', counter).take('192.0.2.1');
  await memoryLimiter('test', fiveInAMinute, 'another secret', counter).take('192.0.2.1');
  const keys = counter.keys();
  assert.equal(new Set(keys).size, 2);
  for (const key of keys) assert.match(key, /^[\w-]{22}$/);
});

test('a try that comes back after its window has ended gives the next window nothing', async () => {
  const tries = memoryTries({ count: 4, seconds: 60, earned: 2, mostRights: 2 });
  const late = await tries.take('a');
  now += 60_000;
  for (let round = 0; round < 4; round += 1) assert.equal((await tries.take('a')).allowed, true);
  if (late.allowed) await late.giveBack(true);
  assert.equal((await tries.take('a')).allowed, false);
});
