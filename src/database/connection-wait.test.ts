import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchConnectionWait } from './connection-wait.ts';

function watchFour() {
  let time = 5_000;
  const wait = watchConnectionWait(4, () => time);
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { wait, pass };
}

test('the wait follows from how long connections were held lately, how many there are, and who waits already', () => {
  const { wait, pass } = watchFour();
  assert.equal(wait.expected(100), 0);
  for (let times = 0; times < 200; times += 1) {
    const release = wait.held(false);
    pass(20);
    release();
  }
  assert.deepEqual([wait.expected(0), wait.expected(3), wait.expected(399)].map(Math.round), [5, 20, 2_000]);
});

test('where nothing ends any more, those that are held tell of it; once they end a few quick ones make up for it', () => {
  const { wait, pass } = watchFour();
  const held = Array.from({ length: 4 }, () => wait.held(false));
  pass(499);
  assert.equal(wait.expected(7), 0, 'a pause tells nothing');
  pass(501);
  assert.equal(wait.expected(7), 2_000);
  pass(1_000);
  assert.equal(wait.expected(7), 4_000);
  for (const release of held) release();
  for (let times = 0; times < 30; times += 1) {
    const release = wait.held(false);
    pass(2);
    release();
  }
  assert.ok(wait.expected(7) < 100);
});

test('what may take as long as it likes takes a place and says nothing about the others', () => {
  const { wait, pass } = watchFour();
  const exports = Array.from({ length: 3 }, () => wait.held(true));
  pass(60_000);
  assert.equal(wait.expected(4), 0);
  const release = wait.held(false);
  pass(1_000);
  assert.equal(wait.expected(4), 5_000);
  release();
  for (const end of exports) end();
});
