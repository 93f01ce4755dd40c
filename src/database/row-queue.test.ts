import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnavailable } from './database-errors.ts';
import { openRowQueue, type RowKey } from './row-queue.ts';

/** Work that goes on until `end`. */
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

/** @param milliseconds for a turn. */
function queueOf(connections: number, milliseconds: number) {
  const inQueue = openRowQueue(connections);
  return <T>(row: RowKey, work: () => Promise<T>) => inQueue(row, milliseconds, work);
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a quarter of the connections waits for one row, and statements for another row do not wait for them', async () => {
  const inQueue = queueOf(8, 10_000);
  const { work, end, begun } = held();
  const all = Array.from({ length: 5 }, () => inQueue('invitation 1', work));
  await settled();
  assert.equal(begun(), 2);
  assert.equal(await inQueue('invitation 2', async () => 'served'), 'served');
  end();
  await Promise.all(all);
  assert.equal(begun(), 5);
});

test('the row is looked up only while a quarter of the connections is taken without a look-up', async () => {
  const inQueue = queueOf(8, 10_000);
  const { work, end, begun } = held();
  let lookUps = 0;
  const row = async () => {
    lookUps += 1;
    return 'invitation 1';
  };
  const all = Array.from({ length: 7 }, () => inQueue(row, work));
  await settled();
  assert.deepEqual([lookUps, begun()], [5, 4]);
  assert.equal(
    await inQueue(
      async () => 'invitation 2',
      async () => 'served',
    ),
    'served',
  );
  end();
  await Promise.all(all);
  assert.equal(begun(), 7);
});

test('a turn that does not come in time is a refusal, and failed work gives its turn back', async () => {
  const inQueue = queueOf(1, 1);
  const { work, end } = held();
  const first = inQueue('invitation 1', work);
  await assert.rejects(
    inQueue('invitation 1', async () => {}),
    (error) => isUnavailable(error),
  );
  end();
  await first;
  await assert.rejects(
    inQueue('invitation 1', () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  assert.equal(await inQueue('invitation 1', async () => 'served'), 'served');
});

test('work that waited for the row in vain refuses what waits for its turn, and nothing that comes later', async () => {
  const inQueue = queueOf(4, 60_000);
  let fail = (_: Error) => {};
  const first = inQueue(
    'invitation 1',
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  const others = [1, 2, 3].map(() => inQueue('invitation 1', async () => 'served'));
  const elsewhere = inQueue('invitation 2', async () => 'served');
  await settled();
  fail(Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' }));
  await assert.rejects(first, /lock timeout/);
  for (const other of others) await assert.rejects(other, isUnavailable);
  assert.equal(await elsewhere, 'served');
  assert.equal(await inQueue('invitation 1', async () => 'served'), 'served');
});
