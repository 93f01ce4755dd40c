import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { overloadProblems } from '../overload/problems.ts';
import { Problem } from '../problems.ts';
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

/** @returns a promise handler that records the outcome, so that rejections do not stay unhandled while the test goes on. */
async function outcomeOf(promise: Promise<string>): Promise<string> {
  try {
    return await promise;
  } catch (error) {
    return error instanceof Problem ? `${error.kind.code} ${error.details.retryAfterSeconds}` : String(error);
  }
}

test('tasks of one owner run in order of arrival, as many at once as there are places', async () => {
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

test('a task that would wait longer than the maximum is refused at once, with Retry-After', async () => {
  const { queue, finish } = openControlledQueue();
  // Two run, and one finishes every 50 ms, so the twentieth in the queue waits a second, and the next one longer.
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

test('as many tasks may wait as run, even if one task takes longer than the maximum', async () => {
  const { queue, started } = openControlledQueue({ expectedMilliseconds: 60_000 });
  const outcomes = ['a', 'b', 'c', 'd'].map((task) => outcomeOf(queue.add(task)));
  assert.deepEqual(started, ['a', 'b']);
  assert.equal(queue.state().waiting, 2);
  assert.equal(await outcomeOf(queue.add('e')), 'overloaded 90');
  const newcomer = outcomeOf(queue.add('of another', undefined, { owner: 'a' }));
  assert.equal(await outcomes[3], 'overloaded 90');
  assert.deepEqual([queue.state().waiting, await Promise.race([newcomer, 'waits'])], [2, 'waits']);
});

test('the first measurement replaces the estimate, later ones move the average', async () => {
  const { queue, finish } = openControlledQueue();
  for (const [task, milliseconds] of Object.entries({ a: 1000, b: 1000, c: 2000 })) {
    const outcome = outcomeOf(queue.add(task));
    await finish(task, milliseconds);
    await outcome;
  }
  assert.equal(queue.state().averageMilliseconds, 1100);
  // With two running, the next one waits 0.55 s and the one after it 1.1 s, as long as a task takes.
  for (const task of ['d', 'e', 'f', 'g']) void outcomeOf(queue.add(task));
  assert.deepEqual(queue.state(), { waiting: 2, running: 2, averageMilliseconds: 1100 });
  assert.equal(await outcomeOf(queue.add('h')), 'overloaded 2');
});

test('an aborted task leaves the queue and makes room', async () => {
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

test('a task aborted beforehand is not queued; one aborted while it runs still gets its result', async () => {
  const { queue, started, finish } = openControlledQueue();
  assert.equal(await outcomeOf(queue.add('a', AbortSignal.abort(new Error('client gone')))), 'Error: client gone');
  const gone = new AbortController();
  const outcome = outcomeOf(queue.add('b', gone.signal));
  gone.abort();
  await finish('b');
  assert.equal(await outcome, 'b done');
  assert.deepEqual(started, ['b']);
});

test('an error affects only its own task', async () => {
  const { queue, finish, fail } = openControlledQueue({ places: 1 });
  const outcomes = ['a', 'b'].map((task) => outcomeOf(queue.add(task)));
  await fail('a', new Error('thread lost'));
  await finish('b');
  assert.deepEqual(await Promise.all(outcomes), ['Error: thread lost', 'b done']);
});

test('a task that has waited twice the maximum, because tasks became slower, is refused', async () => {
  const { queue, started, clock, finish } = openControlledQueue({ places: 1 });
  const outcomes = ['a', 'b', 'c', 'd'].map((task) => outcomeOf(queue.add(task)));
  clock.milliseconds = 2000;
  await finish('a', 2000);
  assert.deepEqual(started, ['a', 'b']);
  // A task takes 1.8 s on average by now, so that is the maximum wait.
  clock.milliseconds = 3601;
  await finish('b', 1);
  assert.deepEqual(started, ['a', 'b']);
  assert.deepEqual(queue.state().waiting, 0);
  assert.match((await Promise.all(outcomes)).join(), /^a done,b done,overloaded \d+,overloaded \d+$/);
});

test('closing refuses waiting and new tasks, and waits for running ones', async () => {
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

test('the refusal is a 503 with Retry-After', async () => {
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

/**
 * Lets a queue with one busy place serve everything that waits.
 * @returns the tasks in the order in which they began.
 */
async function serveAll({ queue, started, finish }: ReturnType<typeof openControlledQueue>): Promise<string[]> {
  for (let served = 0; served < started.length; served += 1) await finish(started[served] ?? '');
  assert.equal(queue.state().waiting, 0);
  return started.slice(1);
}

test('owners are served in turn, each in order of arrival', async () => {
  const controlled = openControlledQueue({ places: 1 });
  const add = (owner: string, task: string) => outcomeOf(controlled.queue.add(`${owner}${task}`, undefined, { owner }));
  const outcomes = [add('z', '0')];
  for (const [owner, count] of Object.entries({ a: 4, b: 1, c: 2 })) {
    for (let task = 1; task <= count; task += 1) outcomes.push(add(owner, String(task)));
  }
  assert.deepEqual(await serveAll(controlled), ['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4']);
  assert.ok((await Promise.all(outcomes)).every((outcome) => outcome.endsWith('done')));
});

test('a newcomer goes before fifty owners that always have a task waiting', async () => {
  const { queue, started, finish } = openControlledQueue({ places: 1, maximumWaitSeconds: 60 });
  const add = (owner: string, task: string) => void outcomeOf(queue.add(task, undefined, { owner }));
  for (let round = 0; round < 3; round += 1) for (let owner = 0; owner < 50; owner += 1) add(`owner ${owner}`, `${owner}.${round}`);
  // Each has had its first turn; one is running its second.
  for (let served = 0; served < 50; served += 1) await finish(started[served] ?? '');
  add('newcomer', 'first of the newcomer');
  add('newcomer', 'second of the newcomer');
  await finish(started.at(-1) ?? '');
  assert.equal(started.at(-1), 'first of the newcomer');
  // The second task waits for its turn: the 49 others of this round come first.
  for (let served = 0; served < 49; served += 1) await finish(started.at(-1) ?? '');
  assert.ok(!started.includes('second of the newcomer'));
  await finish(started.at(-1) ?? '');
  await finish(started.at(-1) ?? '');
  assert.ok(started.slice(-2).includes('second of the newcomer'), started.slice(-3).join());
});

test('repeats are served after all other tasks, also within one owner', async () => {
  const controlled = openControlledQueue({ places: 1 });
  const add = (owner: string, task: string, isRepeat: boolean) => outcomeOf(controlled.queue.add(task, undefined, { owner, isRepeat }));
  void add('z', 'running', false);
  void add('a', 'a repeats', true);
  void add('b', 'b repeats', true);
  void add('a', 'a', false);
  void add('c', 'c', false);
  assert.deepEqual(await serveAll(controlled), ['a', 'c', 'b repeats', 'a repeats']);
});

test('a full queue refuses the newest task of the owner with the most tasks, not a newcomer', async () => {
  // One runs, ten may wait.
  const controlled = openControlledQueue({ places: 1 });
  const add = (owner: string, task: string) => outcomeOf(controlled.queue.add(`${owner}${task}`, undefined, { owner }));
  void add('z', '0');
  const crowd = Array.from({ length: 8 }, (_, task) => add('a', String(task)));
  void add('b', '0');
  void add('b', '1');
  assert.equal(controlled.queue.state().waiting, 10);
  assert.equal(await add('a', 'one too many'), 'overloaded 2');
  const newcomer = add('c', '0');
  assert.equal(await crowd[7], 'overloaded 2');
  assert.equal(controlled.queue.state().waiting, 10);
  assert.deepEqual(await serveAll(controlled), ['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'a3', 'a4', 'a5', 'a6']);
  assert.equal(await newcomer, 'c0 done');
});

test('if every owner has one task waiting, the most recently served makes room for a newcomer', async () => {
  const { queue, started, finish } = openControlledQueue({ places: 1 });
  const add = (owner: string, task: string) => outcomeOf(queue.add(`${owner}-${task}`, undefined, { owner }));
  const owners = Array.from({ length: 11 }, (_, owner) => `owner${owner}`);
  for (const owner of owners) void add(owner, 'first');
  for (let served = 0; served < 10; served += 1) await finish(started[served] ?? '');
  const second = owners.slice(0, 10).map((owner) => add(owner, 'second'));
  assert.equal(queue.state().waiting, 10);
  void add('newcomer', 'first');
  assert.equal(await second[9], 'overloaded 2');
  assert.equal(await add('owner10', 'second'), 'overloaded 2');
  await finish(started.at(-1) ?? '');
  assert.equal(started.at(-1), 'newcomer-first');
});

test('a task that is always overtaken is refused after twice the maximum', async () => {
  const { queue, started, clock, finish } = openControlledQueue({ places: 1 });
  void outcomeOf(queue.add('0'));
  const overtaken = outcomeOf(queue.add('overtaken', undefined, { owner: 'a', isRepeat: true }));
  for (let round = 1; round <= 21; round += 1) {
    void outcomeOf(queue.add(String(round), undefined, { owner: `newcomer ${round}` }));
    clock.milliseconds += 100;
    await finish(started.at(-1) ?? '');
  }
  assert.equal(await overtaken, 'overloaded 1');
});

test('a key has one task at a time; another is refused until the place is released, and keeps no place', async () => {
  const { queue, finish } = openControlledQueue({ places: 1 });
  const claim = { owner: 'a' };
  {
    using place = queue.claim('session', claim);
    assert.throws(() => queue.claim('session', { owner: 'b' }), { message: 'overloaded' });
    const outcome = outcomeOf(place.add('a'));
    assert.throws(() => queue.claim('session', claim), { message: 'overloaded' });
    using _other = queue.claim('another session', claim);
    await finish('a');
    assert.equal(await outcome, 'a done');
  }
  queue.claim('session', claim)[Symbol.dispose]();
  queue.claim('another session', claim)[Symbol.dispose]();
  await queue.close();
  assert.throws(() => queue.claim('session', claim), { message: 'overloaded' });
});
