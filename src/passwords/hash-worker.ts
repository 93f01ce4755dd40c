import bcrypt from 'bcrypt';
import { workerData } from 'piscina';

export interface HashTask {
  readonly password: string;
  /** The hash takes 2^cost rounds. */
  readonly cost: number;
}

export interface TimedHash {
  readonly hash: string;
  readonly milliseconds: number;
}

// This thread has loaded the native code: from here on it can be ended.
Atomics.add(new Int32Array(workerData.loaded), 0, 1);

/**
 * Runs in a thread of the pool, so it may block.
 * @returns `$2b$…` and the elapsed time, including the wait for a core.
 */
export default function hashPassword({ password, cost }: HashTask): TimedHash {
  const begun = performance.now();
  const hash = bcrypt.hashSync(password, cost);
  return { hash, milliseconds: performance.now() - begun };
}
