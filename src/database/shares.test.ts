import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openShares } from './shares.ts';
import { isUnavailable } from './unavailable.ts';

/** Work that goes on until it is told to end. */
function held() {
  let end = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  let begun = 0;
  const work = () => {
    begun += 1;
    return over;
  };
  return { work, end, begun: () => begun };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a quarter of the connections waits for one row; what wants another row, or none, does not wait for them', async () => {
  const inShare = openShares(8, 10_000);
  const { work, end, begun } = held();
  const all = Array.from({ length: 5 }, () => inShare('invitation 1', work));
  await settled();
  assert.equal(begun(), 2);
  assert.equal(await inShare('invitation 2', async () => 'served'), 'served');
  assert.equal(await inShare(undefined, async () => 'served'), 'served');
  end();
  await Promise.all(all);
  assert.equal(begun(), 5);
});

test('the row is looked up only where a quarter of the connections is taken by those who did not', async () => {
  const inShare = openShares(8, 10_000);
  const { work, end, begun } = held();
  let lookUps = 0;
  const row = async () => {
    lookUps += 1;
    return 'invitation 1';
  };
  const all = Array.from({ length: 7 }, () => inShare(row, work));
  await settled();
  assert.deepEqual([lookUps, begun()], [5, 4]);
  assert.equal(
    await inShare(
      async () => 'invitation 2',
      async () => 'served',
    ),
    'served',
  );
  end();
  await Promise.all(all);
  assert.equal(begun(), 7);
});

test('whoever waits too long is refused, and one that failed gives its place back', async () => {
  const inShare = openShares(1, 1);
  const { work, end } = held();
  const first = inShare('invitation 1', work);
  await assert.rejects(
    inShare('invitation 1', async () => {}),
    (error) => isUnavailable(error),
  );
  end();
  await first;
  await assert.rejects(
    inShare('invitation 1', () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  assert.equal(await inShare('invitation 1', async () => 'served'), 'served');
});

test('where one waits for the row in vain, those who wait for their turn are refused with it, and whoever comes later is not', async () => {
  const inShare = openShares(4, 60_000);
  let fail = (_: Error) => {};
  const first = inShare(
    'invitation 1',
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  const others = [1, 2, 3].map(() => inShare('invitation 1', async () => 'served'));
  const elsewhere = inShare('invitation 2', async () => 'served');
  await settled();
  fail(Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' }));
  await assert.rejects(first, /lock timeout/);
  for (const other of others) await assert.rejects(other, isUnavailable);
  assert.equal(await elsewhere, 'served');
  assert.equal(await inShare('invitation 1', async () => 'served'), 'served');
});
