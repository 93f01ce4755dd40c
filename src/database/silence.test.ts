import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchSilence } from './silence.ts';

function withClock() {
  let time = 0;
  const silence = watchSilence(() => time);
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { silence, pass };
}

test('silence begins with the first question that has no answer, and ends with any answer', () => {
  const { silence, pass } = withClock();
  assert.equal(silence.milliseconds(), 0);
  silence.asked();
  pass(1_000);
  silence.asked();
  pass(500);
  assert.equal(silence.milliseconds(), 1_500);
  silence.answered();
  assert.equal(silence.milliseconds(), 0);
  pass(500);
  silence.asked();
  pass(100);
  assert.equal(silence.milliseconds(), 100);
});

test('a silence goes on as long as somebody asks, and is forgotten where nobody does', () => {
  const { silence, pass } = withClock();
  for (let second = 0; second < 20; second += 1) {
    silence.asked();
    pass(1_000);
  }
  assert.equal(silence.milliseconds(), 20_000);
  pass(5_000);
  assert.equal(silence.milliseconds(), 0);
  silence.asked();
  pass(10);
  assert.equal(silence.milliseconds(), 10);
});
