import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from './errors.ts';
import { takeTurns } from './in-turn.ts';
import { registrationProblems } from './registration/errors.ts';

/** Work that ends when the test says so. */
function openWork() {
  const work = { isUnderWay: false, end: () => {} };
  const run = () =>
    new Promise<string>((resolve) => {
      work.isUnderWay = true;
      work.end = () => resolve('done');
    });
  return { work, run };
}

const isBusy = (error: unknown) => error instanceof Problem && error.kind.code === 'funnel_busy' && error.kind.retryAfterSeconds === 5;
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('work is done one at a time, in the order in which it came', async () => {
  const inTurn = takeTurns(60_000, registrationProblems.funnel_busy);
  const [first, second, third] = [openWork(), openWork(), openWork()];
  const results = [inTurn(first.run), inTurn(second.run), inTurn(third.run)];
  await settle();
  assert.deepEqual([first.work.isUnderWay, second.work.isUnderWay], [true, false]);
  first.work.end();
  assert.equal(await results[0], 'done');
  await settle();
  assert.deepEqual([second.work.isUnderWay, third.work.isUnderWay], [true, false]);
  second.work.end();
  await results[1];
  await settle();
  third.work.end();
  assert.equal(await results[2], 'done');
});

test('work that fails lets the next one begin', async () => {
  const inTurn = takeTurns(60_000, registrationProblems.funnel_busy);
  const failing = inTurn(() => Promise.reject(new Error('broken')));
  const next = inTurn(async () => 'done');
  await assert.rejects(failing, /broken/);
  assert.equal(await next, 'done');
});

test('whoever waits too long is refused, and whoever comes after still waits for the work under way', async () => {
  const inTurn = takeTurns(1, registrationProblems.funnel_busy);
  const [first, second] = [openWork(), openWork()];
  const under = inTurn(first.run);
  await assert.rejects(inTurn(second.run), isBusy);
  await assert.rejects(inTurn(second.run), isBusy);
  first.work.end();
  await under;
  await settle();
  assert.equal(second.work.isUnderWay, false, 'what was refused is never done');
  assert.equal(await inTurn(async () => 'free again'), 'free again');
});
