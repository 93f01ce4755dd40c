import type { Logger } from 'pino';

/** Asks the store, or rejects where it is known not to answer. */
export type AskStore = <T>(query: () => Promise<T>) => Promise<T>;

export interface OutageOptions {
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Milliseconds. Long enough for a store that is only busy: while processes count by themselves the limits hold for each of them alone. */
  readonly deadline?: number;
  /** Milliseconds without another try after one that failed, so that an outage costs a request in a while and not each of them. */
  readonly rest?: number;
}

/**
 * @returns a function that gives up on the store soon, and for a while after; the limiters then count in this process alone, neither open nor
 *   closed. The beginning and the end of an outage are logged once each.
 */
export function restingAfterFailure({ log, deadline = 2_000, rest = 5_000 }: OutageOptions): AskStore {
  let restUntil = 0;
  let isOut = false;
  let isTrying = false;
  return async (query) => {
    if (performance.now() < restUntil || (isOut && isTrying)) throw new Error('the store of the limits rests after a failure');
    // During an outage one request at a time finds out whether it is over; what was asked before the failure tells nothing of it.
    const findsOut = isOut;
    if (findsOut) isTrying = true;
    try {
      const answer = await within(deadline, query());
      if (findsOut) {
        log.info('requests are counted together with the other processes again');
        isOut = false;
      }
      return answer;
    } catch (error) {
      restUntil = performance.now() + rest;
      if (!isOut) log.warn({ reason: reasonOf(error) }, 'the store of the limits does not answer: this process counts by itself');
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
