import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
// Imported here too, so that a platform without the native code fails at start and not at the first sign-up in a thread.
import bcrypt from 'bcrypt';
import { Piscina } from 'piscina';
import { type ClaimedPlace, openBoundedQueue, type QueueState, type TaskClaim } from './bounded-queue.ts';
import type { HashTask, TimedHash } from './hash-worker.ts';
import { maximumPasswordBytes, normalizePassword } from './password-rules.ts';

export interface PasswordHasherSettings {
  /** bcrypt's cost, 4 to 31: the hash takes 2^cost rounds. OWASP's minimum is 10. */
  readonly cost: number;
  /** Default: one per core. */
  readonly threads?: number;
  /** Maximum wait in seconds before a hash begins. */
  readonly maximumWaitSeconds: number;
  /** Called when a hash begins, with its wait in milliseconds. */
  readonly onBegin?: (waitedMilliseconds: number) => void;
}

export interface PasswordHasher {
  /**
   * @param password as `acceptPassword` returned it. It is hashed in NFC, without a pepper or a pre-hash.
   * @param signal of the request: removes the password from the queue when the client disconnects.
   * @returns `$2b$`, the cost, salt and hash: 60 characters.
   * @throws Problem `overloaded` if it would wait longer than `maximumWaitSeconds`, or if the hasher is closed; the signal's reason; RangeError
   *   for a password that bcrypt would truncate (more than 72 bytes in UTF-8, or with NUL), which is a bug in the caller.
   */
  hash(password: string, signal?: AbortSignal): Promise<string>;
  /**
   * The same for a client whose turn depends on others; the returned place has an `add` that hashes.
   * @param key such as a session: it has one password hashed at a time.
   * @throws Problem `overloaded`, also if the key has one in progress.
   */
  claim(key: string, claim: TaskClaim): ClaimedPlace<string, string>;
  /** Starts the threads and measures a first hash in advance; otherwise the first password does both. */
  warmUp(): void;
  state(): QueueState;
  /** Finishes running hashes, refuses waiting ones, and ends the threads. */
  close(): Promise<void>;
}

/** Works per thread only on Linux; elsewhere `nice` would slow the whole process. At 10 the event loop wins against a flood of passwords. */
const niceIncrement = process.platform === 'linux' ? 10 : 0;

/** Roughly what a round takes on a core of 2020; used until the first hash has been measured. */
const expectedMillisecondsPerRound = 0.06;

/** Beside this file with the same extension: `.ts` where tsx runs the sources, `.js` in the build. */
const workerFile = new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url).href;

/**
 * bcrypt in a pool of niced threads behind a bounded queue. The queue is ours and tasks in the pool have no signal, because piscina ends the
 * thread of a running task that is aborted. Threads start with the first hash: a command that hashes nothing ends a third of a second earlier.
 */
export function openPasswordHasher({
  cost,
  threads = availableParallelism(),
  maximumWaitSeconds,
  onBegin,
}: PasswordHasherSettings): PasswordHasher {
  let pool: HashThreads | undefined;
  const queue = openBoundedQueue({
    places: threads,
    maximumWaitSeconds,
    ...(onBegin && { onBegin }),
    expectedMilliseconds: 2 ** cost * expectedMillisecondsPerRound,
    run: async (password: string) => {
      pool ??= startThreads(threads);
      const { hash, milliseconds } = await pool.run({ password, cost });
      return { result: hash, milliseconds };
    },
  });
  return {
    hash: async (password, signal) => queue.add(asBcryptReadsIt(password), signal),
    claim(key, claim) {
      const place = queue.claim(key, claim);
      return {
        add: async (password, signal) => place.add(asBcryptReadsIt(password), signal),
        [Symbol.dispose]: () => place[Symbol.dispose](),
      };
    },
    warmUp() {
      // An error will occur again, and be reported, when a request needs a hash.
      queue.add('the first hash, for its time').catch(() => undefined);
    },
    state: queue.state,
    async close() {
      await queue.close();
      await pool?.end();
    },
  };
}

interface HashThreads {
  run(task: HashTask): Promise<TimedHash>;
  end(): Promise<void>;
}

/** Milliseconds to wait for threads that are still loading; niced ones may take seconds on a busy machine. */
const loadingLimit = 10_000;

function startThreads(threads: number): HashThreads {
  const loaded = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const pool = new Piscina<HashTask, TimedHash>({
    filename: workerFile,
    workerData: { loaded },
    minThreads: threads,
    maxThreads: threads,
    niceIncrement,
  });
  // The pool replaces a thread that dies while idle; without a listener the process would end.
  pool.on('error', (error: Error) => process.emitWarning(error));
  return {
    run: (task) => pool.run(task),
    async end() {
      // A thread that is ended while it loads bcrypt's native code takes the whole process down ("Napi::Error", bcrypt 6.0.0).
      const until = performance.now() + loadingLimit;
      while (Atomics.load(new Int32Array(loaded), 0) < threads && performance.now() < until) await sleep(5);
      await pool.destroy();
    },
  };
}

/** @returns how long one hash takes on this machine, from one run without the pool and its niceness; helps to choose the cost. */
export async function measureHashMilliseconds(cost: number): Promise<number> {
  const begun = performance.now();
  await bcrypt.hash('a hash for its time', cost);
  return performance.now() - begun;
}

function asBcryptReadsIt(password: string): string {
  const normalized = normalizePassword(password);
  if (Buffer.byteLength(normalized) > maximumPasswordBytes) throw new RangeError('a password of more than 72 bytes reached bcrypt');
  if (normalized.includes('\0')) throw new RangeError('a password with NUL reached bcrypt');
  return normalized;
}
