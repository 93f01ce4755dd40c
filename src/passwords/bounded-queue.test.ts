import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Problem } from '../errors.ts';
import { overloadProblems } from '../overload/errors.ts';
import { openBoundedQueue, type QueueSettings, type Timed } from './bounded-queue.ts';

/** A queue whose tasks end when the test says so, on a clock that the test moves. */
function openControlledQueue(changes: Partial<QueueSettings<string, string>> = {}) {
  const started: string[] = [];
  const ends = new Map<string, (timed: Timed<string> | Error) => void>();
  const clock = { milliseconds: 0 };
  const queue = openBoundedQueue<string, string>({
    places: 2,
    maximumWaitSeconds: 1,
    expectedMilliseconds: 100,
    now: () => clock.milliseconds,
    run: (task) => {
      started.push(task);
      return new Promise((resolve, reject) => ends.set(task, (end) => (end instanceof Error ? reject(end) : resolve(end))));
    },
    ...changes,
  });
  const finish = async (task: string, milliseconds = 100) => {
    ends.get(task)?.({ result: `${task} done`, milliseconds });
    await setImmediate();
  };
  const fail = async (task: string, error: Error) => {
    ends.get(task)?.(error);
    await setImmediate();
  };
  return { queue, started, clock, finish, fail };
}

/** @returns a handler that keeps what became of a promise, so that nothing stays unhandled while the test goes on. */
async function outcomeOf(promise: Promise<string>): Promise<string> {
  try {
    return await promise;
  } catch (error) {
    return error instanceof Problem ? `${error.kind.code} ${error.details.retryAfterSeconds}` : String(error);
  }
}

test('first come, first served, as many at once as there are places', async () => {
  const { queue, started, finish } = openControlledQueue();
  const outcomes = ['a', 'b', 'c', 'd'].map((task) => outcomeOf(queue.add(task)));
  assert.deepEqual(started, ['a', 'b']);
  assert.deepEqual(queue.state(), { waiting: 2, running: 2, averageMilliseconds: 100 });
  await finish('b');
  assert.deepEqual(started, ['a', 'b', 'c']);
  await finish('a');
  await finish('d');
  await finish('c');
  assert.deepEqual(await Promise.all(outcomes), ['a done', 'b done', 'c done', 'd done']);
  assert.deepEqual(queue.state(), { waiting: 0, running: 0, averageMilliseconds: 100 });
});

test('who would wait longer than the maximum is refused at once, with Retry-After', async () => {
  const { queue, finish } = openControlledQueue();
  // Two run; a place falls free every 50 ms, so the twentieth who waits waits a second, and the next one longer.
  const outcomes = Array.from({ length: 22 }, (_, at) => outcomeOf(queue.add(`${at}`)));
  assert.deepEqual(queue.state(), { waiting: 20, running: 2, averageMilliseconds: 100 });
  assert.equal(await outcomeOf(queue.add('one too many')), 'overloaded 2');
  assert.equal(queue.state().waiting, 20);
  for (let at = 0; at < 22; at += 1) await finish(`${at}`);
  assert.deepEqual(
    await Promise.all(outcomes),
    Array.from({ length: 22 }, (_, at) => `${at} done`),
  );
});

test('a free place is given even where one task alone takes longer than the maximum', async () => {
  const { queue, started } = openControlledQueue({ expectedMilliseconds: 60_000 });
  const outcomes = ['a', 'b'].map((task) => outcomeOf(queue.add(task)));
  assert.deepEqual(started, ['a', 'b']);
  assert.equal(await outcomeOf(queue.add('c')), 'overloaded 30');
  assert.equal(outcomes.length, 2);
});

test('the first time replaces the guess, later ones move the average', async () => {
  const { queue, finish } = openControlledQueue();
  for (const [task, milliseconds] of Object.entries({ a: 1000, b: 1000, c: 2000 })) {
    const outcome = outcomeOf(queue.add(task));
    await finish(task, milliseconds);
    await outcome;
  }
  assert.equal(queue.state().averageMilliseconds, 1100);
  // With two running, the wait of the next is 0.55 s, of the one after it 1.1 s.
  for (const task of ['d', 'e', 'f']) void outcomeOf(queue.add(task));
  assert.deepEqual(queue.state(), { waiting: 1, running: 2, averageMilliseconds: 1100 });
  assert.equal(await outcomeOf(queue.add('g')), 'overloaded 2');
});

test('who has gone leaves the queue, and makes room', async () => {
  const { queue, started, finish } = openControlledQueue();
  const gone = new AbortController();
  const outcomes = ['a', 'b'].map((task) => outcomeOf(queue.add(task)));
  const abandoned = outcomeOf(queue.add('c', gone.signal));
  outcomes.push(outcomeOf(queue.add('d', new AbortController().signal)));
  assert.equal(queue.state().waiting, 2);
  gone.abort(new Error('client gone'));
  assert.equal(queue.state().waiting, 1);
  assert.equal(await abandoned, 'Error: client gone');
  for (const task of ['a', 'b', 'd']) await finish(task);
  assert.deepEqual(await Promise.all(outcomes), ['a done', 'b done', 'd done']);
  assert.deepEqual(started, ['a', 'b', 'd']);
});

test('who has gone before is not taken in; who goes while it runs still gets the result', async () => {
  const { queue, started, finish } = openControlledQueue();
  assert.equal(await outcomeOf(queue.add('a', AbortSignal.abort(new Error('client gone')))), 'Error: client gone');
  const gone = new AbortController();
  const outcome = outcomeOf(queue.add('b', gone.signal));
  gone.abort();
  await finish('b');
  assert.equal(await outcome, 'b done');
  assert.deepEqual(started, ['b']);
});

test('an error is given to its own task alone', async () => {
  const { queue, finish, fail } = openControlledQueue({ places: 1 });
  const outcomes = ['a', 'b'].map((task) => outcomeOf(queue.add(task)));
  await fail('a', new Error('thread lost'));
  await finish('b');
  assert.deepEqual(await Promise.all(outcomes), ['Error: thread lost', 'b done']);
});

test('who has waited twice the maximum, because the tasks became slower, is refused', async () => {
  const { queue, started, clock, finish } = openControlledQueue({ places: 1 });
  const outcomes = ['a', 'b', 'c', 'd'].map((task) => outcomeOf(queue.add(task)));
  clock.milliseconds = 2000;
  await finish('a', 2000);
  assert.deepEqual(started, ['a', 'b']);
  clock.milliseconds = 2001;
  await finish('b', 1);
  assert.deepEqual(started, ['a', 'b']);
  assert.deepEqual(queue.state().waiting, 0);
  assert.match((await Promise.all(outcomes)).join(), /^a done,b done,overloaded \d+,overloaded \d+$/);
});

test('closing refuses who waits and who comes, and waits for what runs', async () => {
  const { queue, finish } = openControlledQueue();
  const outcomes = ['a', 'b', 'c'].map((task) => outcomeOf(queue.add(task)));
  let closed = false;
  const closing = queue.close().then(() => {
    closed = true;
  });
  assert.equal(await outcomes[2], 'overloaded 1');
  assert.equal(await outcomeOf(queue.add('d')), 'overloaded 1');
  await finish('a');
  assert.equal(closed, false);
  await finish('b');
  await closing;
  await queue.close();
  assert.deepEqual(await Promise.all(outcomes.slice(0, 2)), ['a done', 'b done']);
});

test('the refusal is a 503 that tells when to come again', async () => {
  const { queue } = openControlledQueue();
  await queue.close();
  await assert.rejects(queue.add('a'), (error) => {
    assert.ok(error instanceof Problem);
    assert.equal(error.kind, overloadProblems.overloaded);
    assert.equal(error.kind.status, 503);
    assert.deepEqual(error.details.values, { seconds: 1 });
    return true;
  });
});
