import { overloaded } from '../overload/problems.ts';
import type { Problem } from '../problems.ts';

/** The result of a task and how long it took, from which later waits are estimated. */
export interface Timed<Result> {
  readonly result: Result;
  readonly milliseconds: number;
}

export interface QueueSettings<Task, Result> {
  /** Tasks that run concurrently. */
  readonly places: number;
  /** Maximum wait in seconds before a task begins; or the duration of one task, if that is longer. */
  readonly maximumWaitSeconds: number;
  /** Estimated duration of a task until the first one is measured. */
  readonly expectedMilliseconds: number;
  readonly run: (task: Task) => Promise<Timed<Result>>;
  /** Called when a task begins, with its wait in milliseconds. */
  readonly onBegin?: (waitedMilliseconds: number) => void;
  /** A monotonic clock in milliseconds; for tests. */
  readonly now?: () => number;
}

export interface QueueState {
  readonly waiting: number;
  readonly running: number;
  /** Moving average of a task's duration, over about the last ten. */
  readonly averageMilliseconds: number;
}

/** Who a task belongs to, which decides when it is served. */
export interface TaskClaim {
  /** Owners, such as client networks, are served in turn. */
  readonly owner: string;
  /** A task that can wait: it is served after all others. Default: false. */
  readonly isRepeat?: boolean;
}

export interface BoundedQueue<Task, Result> {
  /**
   * @param signal removes a waiting task from the queue. A running task finishes and its result is returned.
   * @param claim default: an owner of its own, this process.
   * @throws Problem `overloaded` at once if the wait would be too long or the queue is closed, or later if the queue is full and tasks with
   *   priority arrived; the signal's reason if it is aborted.
   */
  add(task: Task, signal?: AbortSignal, claim?: TaskClaim): Promise<Result>;
  /**
   * Refuses what `add` would refuse at once, before any work is done for the task, and blocks other tasks with the same key until it is disposed.
   * @param key such as a session, of which one task at a time is enough.
   * @throws Problem `overloaded` if `add` would throw it at once, or if the key is taken.
   */
  claim(key: string, claim: TaskClaim): ClaimedPlace<Task, Result>;
  state(): QueueState;
  /** Refuses waiting and new tasks, and resolves when the running ones have finished. */
  close(): Promise<void>;
}

export interface ClaimedPlace<Task, Result> extends Disposable {
  /** As `add` of the queue. */
  add(task: Task, signal?: AbortSignal): Promise<Result>;
}

const ownTask: TaskClaim = { owner: 'this process' };

/** Owners whose last turn is remembered. The one served longest ago is forgotten first; as an unknown owner it stays in front. */
const mostRememberedOwners = 10_000;

interface Job<Task, Result> {
  readonly task: Task;
  readonly claim: TaskClaim;
  /** Number of arrival. */
  readonly number: number;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  readonly stopListening: () => void;
}

/** Order of service: lower ranks go first, and the first member that differs decides. */
type Rank = readonly [isRepeat: number, round: number, ownersLastTurn: number, number: number];

interface Queue<Task, Result> extends QueueSettings<Task, Result> {
  /** Per owner: repeats last, otherwise in order of arrival. No list is empty. */
  readonly waiting: Map<string, Job<Task, Result>[]>;
  readonly running: Set<Promise<void>>;
  /** The claimed keys. */
  readonly keys: Set<string>;
  /** When each owner had its last turn, counted in turns; oldest first. */
  readonly lastTurns: Map<string, number>;
  readonly now: () => number;
  turns: number;
  arrivals: number;
  averageMilliseconds: number;
  measured: boolean;
  closed: boolean;
}

/**
 * A queue bounded by time, not by length: how many tasks may wait follows from how fast they are served.
 *
 * The owner served longest ago goes next. So owners who always have tasks waiting take turns (round robin), and an owner who comes for
 * the first time, or after a while, goes before all of them. If the queue is full, the task that would be served last is refused: the
 * newest of the owner with the most tasks, not the first of a newcomer.
 */
export function openBoundedQueue<Task, Result>(settings: QueueSettings<Task, Result>): BoundedQueue<Task, Result> {
  const queue: Queue<Task, Result> = {
    now: () => performance.now(),
    ...settings,
    waiting: new Map(),
    running: new Set(),
    keys: new Set(),
    lastTurns: new Map(),
    turns: 0,
    arrivals: 0,
    averageMilliseconds: settings.expectedMilliseconds,
    measured: false,
    closed: false,
  };
  return {
    add: (task, signal, claim = ownTask) => addJob(queue, task, signal, claim),
    claim: (key, claim) => claimPlace(queue, key, claim),
    state: () => ({ waiting: countWaiting(queue), running: queue.running.size, averageMilliseconds: queue.averageMilliseconds }),
    close: () => closeQueue(queue),
  };
}

async function addJob<Task, Result>(
  queue: Queue<Task, Result>,
  task: Task,
  signal: AbortSignal | undefined,
  claim: TaskClaim,
): Promise<Result> {
  signal?.throwIfAborted();
  demandRoom(queue, claim);
  return new Promise((resolve, reject) => {
    const leave = () => {
      withdraw(queue, job);
      reject(signal?.reason);
    };
    const stopListening = () => signal?.removeEventListener('abort', leave);
    queue.arrivals += 1;
    const job: Job<Task, Result> = { task, claim, number: queue.arrivals, since: queue.now(), resolve, reject, stopListening };
    signal?.addEventListener('abort', leave, { once: true });
    insert(queue, job);
    startJobs(queue);
    if (estimatedWaitSeconds(queue, countWaiting(queue)) > longestWaitSeconds(queue)) refuseLast(queue);
  });
}

function claimPlace<Task, Result>(queue: Queue<Task, Result>, key: string, claim: TaskClaim): ClaimedPlace<Task, Result> {
  if (queue.keys.has(key)) throw refusal(queue);
  demandRoom(queue, claim);
  queue.keys.add(key);
  return {
    add: (task, signal) => addJob(queue, task, signal, claim),
    [Symbol.dispose]: () => queue.keys.delete(key),
  };
}

/** A full queue accepts a task that would not be served last: `refuseLast` then refuses another. */
function demandRoom<Task, Result>(queue: Queue<Task, Result>, claim: TaskClaim): void {
  if (queue.closed) throw refusal(queue);
  if (queue.running.size < queue.places) return;
  const waiting = countWaiting(queue);
  if (estimatedWaitSeconds(queue, waiting + 1) <= longestWaitSeconds(queue)) return;
  const rank = rankOf(queue, { claim, number: queue.arrivals + 1 }, placeFor(queue.waiting.get(claim.owner) ?? [], claim));
  const last = lastOf(queue);
  if (!last || isBefore(last.rank, rank)) throw refusal(queue);
}

/** @param place the position in the queue, from 1: a thread becomes free every average / places. */
function estimatedWaitSeconds({ places, averageMilliseconds }: Pick<Queue<never, never>, 'places' | 'averageMilliseconds'>, place: number) {
  return (place * averageMilliseconds) / places / 1000;
}

/**
 * The maximum, or the duration of one task if that is longer, so that as many tasks may wait as run. With an empty queue a free thread would
 * go to the next request to arrive, that is, to the client that asks most often.
 */
function longestWaitSeconds({
  maximumWaitSeconds,
  averageMilliseconds,
}: Pick<Queue<never, never>, 'maximumWaitSeconds' | 'averageMilliseconds'>): number {
  return Math.max(maximumWaitSeconds, averageMilliseconds / 1000);
}

function rankOf(
  { lastTurns }: Pick<Queue<never, never>, 'lastTurns'>,
  { claim, number }: { readonly claim: TaskClaim; readonly number: number },
  round: number,
): Rank {
  return [Number(claim.isRepeat ?? false), round, lastTurns.get(claim.owner) ?? 0, number];
}

function isBefore(left: Rank, right: Rank): boolean {
  const differing = left.findIndex((value, at) => value !== right[at]);
  return differing >= 0 && (left[differing] ?? 0) < (right[differing] ?? 0);
}

/** Scans all owners: 1,000 take a millisecond. With default settings about seven tasks per core wait. */
function lastOf<Task, Result>(queue: Queue<Task, Result>): { job: Job<Task, Result>; rank: Rank } | undefined {
  let last: { job: Job<Task, Result>; rank: Rank } | undefined;
  for (const jobs of queue.waiting.values()) {
    const job = jobs.at(-1);
    if (!job) continue;
    const rank = rankOf(queue, job, jobs.length - 1);
    if (!last || isBefore(last.rank, rank)) last = { job, rank };
  }
  return last;
}

function nextOf<Task, Result>(queue: Queue<Task, Result>): Job<Task, Result> | undefined {
  let next: { job: Job<Task, Result>; rank: Rank } | undefined;
  for (const [job] of queue.waiting.values()) {
    if (!job) continue;
    const rank = rankOf(queue, job, 0);
    if (!next || isBefore(rank, next.rank)) next = { job, rank };
  }
  return next?.job;
}

/** @returns the index of a task in its owner's list. */
function placeFor(jobs: readonly { readonly claim: TaskClaim }[], { isRepeat }: TaskClaim): number {
  const firstRepeat = isRepeat ? -1 : jobs.findIndex((job) => job.claim.isRepeat);
  return firstRepeat < 0 ? jobs.length : firstRepeat;
}

function insert<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): void {
  const { owner } = job.claim;
  const jobs = queue.waiting.get(owner) ?? [];
  jobs.splice(placeFor(jobs, job.claim), 0, job);
  queue.waiting.set(owner, jobs);
}

function withdraw<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): void {
  job.stopListening();
  const { owner } = job.claim;
  const others = (queue.waiting.get(owner) ?? []).filter((other) => other !== job);
  if (others.length > 0) queue.waiting.set(owner, others);
  else queue.waiting.delete(owner);
}

function refuse<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): void {
  withdraw(queue, job);
  job.reject(refusal(queue));
}

function refuseLast<Task, Result>(queue: Queue<Task, Result>): void {
  const last = lastOf(queue);
  if (last) refuse(queue, last.job);
}

function startJobs<Task, Result>(queue: Queue<Task, Result>): void {
  for (const job of allWaiting(queue)) if (waitedTooLong(queue, job)) refuse(queue, job);
  while (queue.running.size < queue.places) {
    const next = nextOf(queue);
    if (!next) return;
    withdraw(queue, next);
    startJob(queue, next);
  }
}

/**
 * Twice the promised wait: the machine has become slower than estimated, or others kept overtaking, and without this nothing bounds the
 * wait. The factor of two spares tasks that were estimated to wait exactly the maximum.
 */
function waitedTooLong<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): boolean {
  return queue.now() - job.since > 2 * longestWaitSeconds(queue) * 1000;
}

function startJob<Task, Result>(queue: Queue<Task, Result>, job: Job<Task, Result>): void {
  queue.onBegin?.(queue.now() - job.since);
  noteTurn(queue, job.claim.owner);
  const run = runJob(queue, job).finally(() => {
    queue.running.delete(run);
    startJobs(queue);
  });
  queue.running.add(run);
}

function noteTurn<Task, Result>(queue: Queue<Task, Result>, owner: string): void {
  const { lastTurns } = queue;
  const [oldest] = lastTurns.keys();
  if (oldest !== undefined && lastTurns.size >= mostRememberedOwners) lastTurns.delete(oldest);
  queue.turns += 1;
  lastTurns.delete(owner);
  lastTurns.set(owner, queue.turns);
}

async function runJob<Task, Result>(queue: Queue<Task, Result>, { task, resolve, reject }: Job<Task, Result>): Promise<void> {
  try {
    const { result, milliseconds } = await queue.run(task);
    recordTime(queue, milliseconds);
    resolve(result);
  } catch (error) {
    reject(error);
  }
}

/** The first measurement replaces the estimate; each later one moves the average by a tenth of the difference. */
function recordTime<Task, Result>(queue: Queue<Task, Result>, milliseconds: number): void {
  const weight = queue.measured ? 0.1 : 1;
  queue.averageMilliseconds += weight * (milliseconds - queue.averageMilliseconds);
  queue.measured = true;
}

async function closeQueue<Task, Result>(queue: Queue<Task, Result>): Promise<void> {
  queue.closed = true;
  for (const job of allWaiting(queue)) refuse(queue, job);
  await Promise.all(queue.running);
}

function allWaiting<Task, Result>({ waiting }: Queue<Task, Result>): Job<Task, Result>[] {
  return [...waiting.values()].flat();
}

function countWaiting<Task, Result>({ waiting }: Queue<Task, Result>): number {
  let count = 0;
  for (const jobs of waiting.values()) count += jobs.length;
  return count;
}

/** `Retry-After`: when the current queue will have been served; at least 1, because the header has whole seconds. */
function refusal<Task, Result>(queue: Queue<Task, Result>): Problem {
  const isBusy = queue.running.size >= queue.places;
  const seconds = isBusy ? estimatedWaitSeconds(queue, countWaiting(queue) + 1) : 0;
  return overloaded(Math.max(1, Math.ceil(seconds)));
}
