import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { overloadProblems } from './errors.ts';
import { nextPressure, noPressure, type Pressure, watchEventLoop } from './event-loop-pressure.ts';

/** The share after each second, in percent. */
function shares(delays: readonly number[], from: Pressure = noPressure): number[] {
  let pressure = from;
  return delays.map((delay) => {
    pressure = nextPressure(pressure, delay);
    return Math.round(pressure.share * 100);
  });
}

test('a busy loop, and one late second, change nothing', () => {
  assert.deepEqual(shares([20, 250, 500, 9_000, 30, 2_000, 400, 2_000]), [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('from the second late second on, as many are refused as would bring the delay back to the limit', () => {
  assert.deepEqual(shares([1_000, 1_000]), [0, 50]);
  assert.deepEqual(shares([5_000, 5_000, 5_000]), [0, 90, 95]);
});

test('the share stays while the delay is near the limit, and below it shrinks to nothing', () => {
  assert.deepEqual(shares([1_000, 1_000, 499, 401, 300, 260]), [0, 50, 50, 50, 48, 46]);
  assert.deepEqual(shares([1_000, 1_000, 250, 20, 20, 20, 20, 20]), [0, 50, 40, 30, 20, 10, 0, 0]);
});

test('a load whose delay grows with what is let in settles, and does not go up and down', () => {
  let pressure = noPressure;
  const seen: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    pressure = nextPressure(pressure, 2_000 * (1 - pressure.share));
    seen.push(pressure.share);
  }
  assert.equal(new Set(seen.slice(10)).size, 1, `${seen}`);
});

test('exactly the share is refused, each with 503 and a whole number of seconds, and counted', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const onRefused = mock.fn();
  using pressure = watchEventLoop(onRefused);
  assert.equal(pressure.refusal(), undefined);
  // Late without a pause: what the loop could do between two of these is less than they take.
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
  // The loop looks at its timers once.
  return new Promise((resolve) => setTimeout(resolve, 0));
}
