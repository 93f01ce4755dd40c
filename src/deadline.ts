import type { TimeLimit } from './time-limits.ts';

/** When some work has to be done, and whether its client still waits for it. Made once for each request, and passed on like the database. */
export interface Deadline {
  /** In milliseconds of `performance.now()`. */
  readonly endsAt: number;
  /** Aborts when the client leaves; never for work without a client. Separate from the end: a client that leaves undoes no sign-up. */
  readonly gone: AbortSignal;
  readonly limit: TimeLimit;
}

const noClient = new AbortController().signal;

/** @param gone aborts when the client leaves. Default: there is no client. */
export function startDeadline(limit: TimeLimit, gone: AbortSignal = noClient): Deadline {
  return { endsAt: performance.now() + limit.total, gone, limit };
}

export function millisecondsLeft({ endsAt }: Deadline): number {
  return endsAt - performance.now();
}

/** @returns the deadline with another end. */
export function later(deadline: Deadline, endsAt: number): Deadline {
  return {
    endsAt,
    limit: deadline.limit,
    get gone() {
      return deadline.gone;
    },
  };
}

/** @returns the deadline, later where less than that is left. */
export function withAtLeast(milliseconds: number, deadline: Deadline): Deadline {
  return later(deadline, Math.max(deadline.endsAt, performance.now() + milliseconds));
}
