import assert from 'node:assert/strict';
import { after, beforeEach, mock, test } from 'node:test';
import { limiterOver } from './limiter.ts';
import { MemoryCounter } from './memory-counter.ts';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 });
});
after(() => mock.timers.reset());

const fiveInAMinute = { count: 5, seconds: 60 };

function memoryLimiter(mostKeys?: number) {
  return limiterOver(new MemoryCounter('test', fiveInAMinute, mostKeys), 'test', fiveInAMinute, 'secret');
}

test('of 200 requests at once exactly as many as the limit are allowed', async () => {
  const limiter = memoryLimiter();
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => limiter.take('a')));
  assert.equal(verdicts.filter(({ allowed }) => allowed).length, 5);
  assert.equal((await limiter.take('b')).allowed, true);
});

test('a verdict tells what is left and until when', async () => {
  const limiter = memoryLimiter();
  assert.deepEqual(await limiter.take('a'), { allowed: true, remaining: 4, milliseconds: 60_000 });
  mock.timers.tick(20_000);
  for (let round = 0; round < 4; round += 1) await limiter.take('a');
  assert.deepEqual(await limiter.take('a'), { allowed: false, remaining: 0, milliseconds: 40_000 });
});

test('a window ends a fixed time after its first request, and refused requests do not prolong it', async () => {
  const limiter = memoryLimiter();
  for (let round = 0; round < 50; round += 1) await limiter.take('a');
  mock.timers.tick(59_999);
  assert.equal((await limiter.take('a')).allowed, false);
  mock.timers.tick(1);
  assert.deepEqual(await limiter.take('a'), { allowed: true, remaining: 4, milliseconds: 60_000 });
});

test('a count that is given back can be taken again', async () => {
  const limiter = memoryLimiter();
  for (let round = 0; round < 5; round += 1) await limiter.take('a');
  await limiter.giveBack('a');
  assert.equal((await limiter.take('a')).allowed, true);
  assert.equal((await limiter.take('a')).allowed, false);
});

test('keys in memory are bounded: the one whose window began first is forgotten', async () => {
  const limiter = memoryLimiter(3);
  const exhaust = async (key: string) => {
    for (let round = 0; round < 5; round += 1) await limiter.take(key);
  };
  for (const key of ['a', 'b', 'c']) await exhaust(key);
  assert.equal((await limiter.take('d')).allowed, true);
  assert.equal((await limiter.take('b')).allowed, false);
  assert.equal((await limiter.take('c')).allowed, false);
  assert.equal((await limiter.take('a')).allowed, true);
});

test('a flood of 100,000 keys leaves no more than the bound in memory', async () => {
  const counter = new MemoryCounter('test', fiveInAMinute, 1_000);
  const limiter = limiterOver(counter, 'test', fiveInAMinute, 'secret');
  for (let key = 0; key < 100_000; key += 1) await limiter.take(String(key));
  assert.equal(counter.dump().storage.length, 1_000);
});

test('no key is kept as it came', async () => {
  const counter = new MemoryCounter('test', fiveInAMinute);
  await limiterOver(counter, 'test', fiveInAMinute, 'secret').take('192.0.2.1');
  await limiterOver(counter, 'test', fiveInAMinute, 'another secret').take('192.0.2.1');
  const keys = counter.dump().storage.map(({ key }) => key);
  assert.equal(new Set(keys).size, 2);
  for (const key of keys) assert.match(String(key), /^[\w-]{22}$/);
});
