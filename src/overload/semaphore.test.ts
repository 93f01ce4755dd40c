import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../problems.ts';
import { busyProblems } from './long-work.ts';
import { openSemaphore } from './semaphore.ts';

const busy = busyProblems.operators_busy;
const isBusy = (error: unknown) => error instanceof Problem && error.kind === busy;
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('places are given first come, first served, and never exceeded', async () => {
  const semaphore = openSemaphore(2);
  const order: number[] = [];
  const held: Disposable[] = [];
  const all = [1, 2, 3, 4].map(async (number) => {
    held.push(await semaphore.take({ busy }));
    order.push(number);
  });
  await settle();
  assert.deepEqual(order, [1, 2]);
  held[0]?.[Symbol.dispose]();
  await settle();
  assert.deepEqual(order, [1, 2, 3]);
  held[1]?.[Symbol.dispose]();
  await Promise.all(all);
  assert.deepEqual(order, [1, 2, 3, 4]);
  for (const place of held) place[Symbol.dispose]();
  // Released twice, a place is still one.
  for (const place of held) place[Symbol.dispose]();
  await semaphore.take({ busy, milliseconds: 0 });
  await semaphore.take({ busy, milliseconds: 0 });
  await assert.rejects(semaphore.take({ busy, milliseconds: 0 }), isBusy);
});

test('a wait that times out is refused and leaves the queue; the next one still gets its place', async () => {
  const semaphore = openSemaphore(1);
  const first = await semaphore.take({ busy });
  await assert.rejects(semaphore.take({ busy, milliseconds: 1 }), isBusy);
  const next = semaphore.take({ busy });
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  (await semaphore.take({ busy, milliseconds: 0 }))[Symbol.dispose]();
});

test('an aborted wait leaves the queue and takes no place', async () => {
  const semaphore = openSemaphore(1);
  const first = await semaphore.take({ busy });
  const client = new AbortController();
  const waiting = semaphore.take({ busy, signal: client.signal });
  client.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  first[Symbol.dispose]();
  await assert.rejects(semaphore.take({ busy, signal: client.signal }), { name: 'AbortError' });
  (await semaphore.take({ busy, milliseconds: 0 }))[Symbol.dispose]();
});
