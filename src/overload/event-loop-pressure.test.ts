import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { nextPressure, noPressure, type Pressure, watchEventLoop } from './event-loop-pressure.ts';
import { overloadProblems } from './problems.ts';

/** The share after each second, in percent. */
function shares(delays: readonly number[], from: Pressure = noPressure): number[] {
  let pressure = from;
  return delays.map((delay) => {
    pressure = nextPressure(pressure, delay);
    return Math.round(pressure.share * 100);
  });
}

test('a busy loop or one late second changes nothing', () => {
  assert.deepEqual(shares([20, 250, 500, 9_000, 30, 2_000, 400, 2_000]), [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('from the second late second, it refuses the share that brings the delay back to the limit', () => {
  assert.deepEqual(shares([1_000, 1_000]), [0, 50]);
  assert.deepEqual(shares([5_000, 5_000, 5_000]), [0, 90, 95]);
});

test('the share stays while the delay is near the limit and shrinks to zero below it', () => {
  assert.deepEqual(shares([1_000, 1_000, 499, 401, 300, 260]), [0, 50, 50, 50, 48, 46]);
  assert.deepEqual(shares([1_000, 1_000, 250, 20, 20, 20, 20, 20]), [0, 50, 40, 30, 20, 10, 0, 0]);
});

test('it settles without oscillating under a load whose delay grows with the admitted requests', () => {
  let pressure = noPressure;
  const seen: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    pressure = nextPressure(pressure, 2_000 * (1 - pressure.share));
    seen.push(pressure.share);
  }
  assert.equal(new Set(seen.slice(10)).size, 1, `${seen}`);
});

test('exactly the share is refused with 503 and a Retry-After in whole seconds, and counted', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const onRefused = mock.fn();
  using pressure = watchEventLoop(onRefused);
  assert.equal(pressure.refusal(), undefined);
  // Late without a pause: each turn takes longer than the timers' interval.
  for (let second = 0; second < 2; second += 1) {
    for (let times = 0; times < 3; times += 1) await blockLoop(1_000);
    mock.timers.tick(1_000);
  }
  const refusals = Array.from({ length: 200 }, () => pressure.refusal()).filter((refusal) => refusal !== undefined);
  mock.timers.reset();
  assert.ok(refusals.length >= 90 && refusals.length < 195, `${refusals.length}`);
  assert.equal(onRefused.mock.callCount(), refusals.length);
  for (const { kind, details } of refusals) {
    assert.equal(kind, overloadProblems.overloaded);
    const seconds = details.retryAfterSeconds ?? 0;
    assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 5, `${seconds}`);
  }
});

function blockLoop(milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
  // One turn of the loop runs the timers.
  return new Promise((resolve) => setTimeout(resolve, 0));
}
