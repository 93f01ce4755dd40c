import type { Logger } from 'pino';
import type { LimitStore } from './limiter.ts';

/** Asks the store, or rejects while it is known to be unavailable. */
export type AskStore = <T>(query: () => Promise<T>) => Promise<T>;

export interface OutageOptions {
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Milliseconds. Long enough for a store that is only busy: while processes count in memory each of them allows the whole limit. */
  readonly deadline?: number;
  /** Milliseconds without another try after one that failed, so that an outage does not slow every request down. */
  readonly rest?: number;
}

/** @returns the store, which rejects at once during an outage; see `restingAfterFailure`. */
export function withOutages(store: LimitStore, ask: AskStore): LimitStore {
  return {
    take: (...asked) => ask(() => store.take(...asked)),
    giveBack: (...asked) => ask(() => store.giveBack(...asked)),
    takeTry: (...asked) => ask(() => store.takeTry(...asked)),
    settleTry: (...asked) => ask(() => store.settleTry(...asked)),
  };
}

/**
 * @returns a function that gives up on the store after the deadline, and does not try it again until the rest is over; the limiters count in
 *   memory meanwhile. The beginning and the end of an outage are logged once each.
 */
export function restingAfterFailure({ log, deadline = 2_000, rest = 5_000 }: OutageOptions): AskStore {
  let restUntil = 0;
  let isOut = false;
  let isTrying = false;
  return async (query) => {
    if (performance.now() < restUntil || (isOut && isTrying)) throw new Error('the rate limit store rests after a failure');
    // During an outage one request at a time tries the store. Answers to what was asked before the failure say nothing about its end.
    const findsOut = isOut;
    if (findsOut) isTrying = true;
    try {
      const answer = await within(deadline, query());
      if (findsOut) {
        log.info('rate limit store available again, counting over all processes');
        isOut = false;
      }
      return answer;
    } catch (error) {
      restUntil = performance.now() + rest;
      if (!isOut) log.warn({ reason: reasonOf(error) }, 'rate limit store unavailable, counting in memory');
      isOut = true;
      throw error;
    } finally {
      if (findsOut) isTrying = false;
    }
  };
}

/** A code, such as ECONNREFUSED or a Problem's own; or the word in capitals with which Redis begins, such as WRONGPASS or OOM. Never a whole message. */
export function reasonOf(error: unknown): string | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : /^[A-Z]{3,20}(?= )|^[a-z_]+$/.exec(String(message))?.[0];
}

/** @throws Error with the code `LIMIT_STORE_LATE` where the answer does not come in time. */
export async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // One more look at the sockets first: where this process itself was held up, the answer is there already.
    const refuse = () => reject(Object.assign(new Error('no answer in time'), { code: 'LIMIT_STORE_LATE' }));
    timer = setTimeout(() => setImmediate(refuse), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
