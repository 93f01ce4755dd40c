import bcrypt from 'bcrypt';

export interface HashTask {
  readonly password: string;
  /** The hash takes 2^cost rounds. */
  readonly cost: number;
}

export interface TimedHash {
  readonly hash: string;
  readonly milliseconds: number;
}

/**
 * Runs in a thread of the pool, which may block.
 * @returns `$2b$…` and how long it took by the clock on the wall, waiting for a core included.
 */
export default function hashPassword({ password, cost }: HashTask): TimedHash {
  const begun = performance.now();
  const hash = bcrypt.hashSync(password, cost);
  return { hash, milliseconds: performance.now() - begun };
}
