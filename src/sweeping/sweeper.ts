import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { type SweepOutcome, type SweptRows, sweepRows } from './sweep.ts';

export interface SweeperOptions {
  readonly database: Database;
  readonly kinds: readonly SweptRows[];
  readonly log: Logger;
  /** Formats an error for the log. */
  readonly describeError: (error: unknown) => unknown;
  /** Called after every round. */
  readonly onSwept?: (outcome: SweepOutcome) => void;
}

/** Milliseconds. Unneeded personal data is gone shortly after this time; five minutes are promised. */
const betweenRounds = 60_000;
/** Milliseconds: after an incomplete round the next one comes soon. */
const betweenUnfinishedRounds = 1_000;
/** Milliseconds per kind of row in one round, so that one backlog does not delay the others. */
const roundEach = 20_000;
/** The first round comes within this many milliseconds, at random, so that processes that start together do not sweep together. */
const firstRoundWithin = 5_000;

/**
 * Sweeps in the background: soon after the start, since a service that was down has a backlog, and then every minute. Rounds of one process never overlap.
 * @returns a function that stops it after the current batch.
 */
export function startSweeper(options: SweeperOptions): () => Promise<void> {
  const stopping = new AbortController();
  const running = sweepUntil(stopping.signal, options);
  return async () => {
    stopping.abort();
    await running;
  };
}

async function sweepUntil(signal: AbortSignal, { database, kinds, log, describeError, onSwept }: SweeperOptions): Promise<void> {
  await pause(Math.random() * firstRoundWithin, signal);
  while (!signal.aborted) {
    const outcome = await sweepRows(database, kinds, { millisecondsEach: roundEach, signal });
    onSwept?.(outcome);
    if (Object.values(outcome.deleted).some((count) => count > 0)) log.info(outcome.deleted, 'expired rows deleted');
    for (const [rows, error] of Object.entries(outcome.failed)) {
      log.warn({ rows, error: describeError(error) }, 'could not delete expired rows, retrying in the next round');
    }
    await pause(outcome.finished ? betweenRounds : betweenUnfinishedRounds, signal);
  }
}

/** Resolves early when the sweeper is stopped, and does not keep the process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}
