import type { Problem } from '../errors.ts';
import { overloaded } from '../overload/errors.ts';

/** What one task gave, and how long it took; from the times the wait of later tasks is estimated. */
export interface Timed<Result> {
  readonly result: Result;
  readonly milliseconds: number;
}

export interface QueueSettings<Task, Result> {
  /** Tasks that run at once. */
  readonly places: number;
  /** Seconds that a task may wait before it begins to run. */
  readonly maximumWaitSeconds: number;
  /** How long a task is thought to take until the first one is done. */
  readonly expectedMilliseconds: number;
  readonly run: (task: Task) => Promise<Timed<Result>>;
  /** Hears how many milliseconds a task has waited when it begins. */
  readonly onBegin?: (waitedMilliseconds: number) => void;
  /** Milliseconds of a monotonic clock; for tests. */
  readonly now?: () => number;
}

export interface QueueState {
  readonly waiting: number;
  readonly running: number;
  /** Of a task, running; over about the last ten. */
  readonly averageMilliseconds: number;
}

export interface BoundedQueue<Task, Result> {
  /**
   * First come, first served.
   * @param signal takes a waiting task out of the queue; one that is running runs on, and its result is given.
   * @throws Problem `overloaded` at once where the wait would be too long, or where the queue is closed; the signal's reason where it is aborted.
   */
  add(task: Task, signal?: AbortSignal): Promise<Result>;
  state(): QueueState;
  /** Refuses what waits and whatever still comes, and resolves when nothing runs any more. */
  close(): Promise<void>;
}

interface Job<Task, Result> {
  readonly task: Task;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  readonly stopListening: () => void;
}

/** What the wait depends on. */
interface Load {
  readonly waiting: { readonly size: number };
  readonly running: { readonly size: number };
  readonly places: number;
  readonly averageMilliseconds: number;
}

interface Queue<Task, Result> extends QueueSettings<Task, Result> {
  readonly waiting: Set<Job<Task, Result>>;
  readonly running: Set<Promise<void>>;
  readonly now: () => number;
  averageMilliseconds: number;
  measured: boolean;
  closed: boolean;
}

/** A queue bounded by time, not by number: how many may wait follows from how fast they are served. */
export function openBoundedQueue<Task, Result>(settings: QueueSettings<Task, Result>): BoundedQueue<Task, Result> {
  const queue: Queue<Task, Result> = {
    now: () => performance.now(),
    ...settings,
    waiting: new Set(),
    running: new Set(),
    averageMilliseconds: settings.expectedMilliseconds,
    measured: false,
    closed: false,
  };
  return {
    add: (task, signal) => addJob(queue, task, signal),
    state: () => ({ waiting: queue.waiting.size, running: queue.running.size, averageMilliseconds: queue.averageMilliseconds }),
    close: () => closeQueue(queue),
  };
}

async function addJob<Task, Result>(queue: Queue<Task, Result>, task: Task, signal?: AbortSignal): Promise<Result> {
  signal?.throwIfAborted();
  if (queue.closed || estimatedWaitSeconds(queue) > queue.maximumWaitSeconds) throw refusal(queue);
  return new Promise((resolve, reject) => {
    const leave = () => {
      queue.waiting.delete(job);
      reject(signal?.reason);
    };
    const stopListening = () => signal?.removeEventListener('abort', leave);
    const job: Job<Task, Result> = { task, since: queue.now(), resolve, reject, stopListening };
    signal?.addEventListener('abort', leave, { once: true });
    queue.waiting.add(job);
    fillPlaces(queue);
  });
}

/** A place falls free every average / places; a newcomer takes the one after those who wait already. */
function estimatedWaitSeconds({ waiting, running, places, averageMilliseconds }: Load): number {
  if (running.size < places) return 0;
  return ((waiting.size + 1) * averageMilliseconds) / places / 1000;
}

function fillPlaces<Task, Result>(queue: Queue<Task, Result>): void {
  for (const job of queue.waiting) {
    if (queue.running.size >= queue.places) return;
    queue.waiting.delete(job);
    job.stopListening();
    if (waitedTooLong(queue, job)) job.reject(refusal(queue));
    else startJob(queue, job);
  }
}

/**
 * Twice what was promised: the machine has become slower than the estimate of their wait, and without this, nothing bounds it.
 * The double leaves alone those who were estimated to wait just as long as they may.
 */
function waitedTooLong<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): boolean {
  return queue.now() - job.since > 2 * queue.maximumWaitSeconds * 1000;
}

function startJob<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): void {
  queue.onBegin?.(queue.now() - job.since);
  const run = runJob(queue, job).finally(() => {
    queue.running.delete(run);
    fillPlaces(queue);
  });
  queue.running.add(run);
}

async function runJob<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): Promise<void> {
  try {
    const { result, milliseconds } = await queue.run(job.task);
    recordTime(queue, milliseconds);
    job.resolve(result);
  } catch (error) {
    job.reject(error);
  }
}

/** The first time replaces the guess; each later one moves the average by a tenth of the difference. */
function recordTime<Task, Result>(queue: Queue<Task, Result>, milliseconds: number): void {
  const weight = queue.measured ? 0.1 : 1;
  queue.averageMilliseconds += weight * (milliseconds - queue.averageMilliseconds);
  queue.measured = true;
}

async function closeQueue<Task, Result>(queue: Queue<Task, Result>): Promise<void> {
  queue.closed = true;
  for (const job of queue.waiting) {
    job.stopListening();
    job.reject(refusal(queue));
  }
  queue.waiting.clear();
  await Promise.all(queue.running);
}

/** `Retry-After`: when those who wait now will all have been served; at least a second, since the field knows no fractions. */
function refusal(load: Load): Problem {
  return overloaded(Math.max(1, Math.ceil(estimatedWaitSeconds(load))));
}
