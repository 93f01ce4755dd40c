import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../database/database.ts';
import { type SweepOutcome, type SweptRows, sweepRows } from './sweep.ts';

export interface SweeperOptions {
  readonly database: Database;
  readonly kinds: readonly SweptRows[];
  readonly log: Logger;
  /** What an error may say in the log. */
  readonly describeError: (error: unknown) => unknown;
  /** Hears of every round. */
  readonly onSwept?: (outcome: SweepOutcome) => void;
}

/** Milliseconds: personal data that nobody needs any more is gone after this time and a little, and five minutes are promised. */
const betweenRounds = 60_000;
/** Milliseconds: where a round did not get everything, the next comes soon. */
const betweenUnfinishedRounds = 1_000;
/** Milliseconds for each kind of row in one round, so that a backlog of one does not keep the others waiting. */
const roundEach = 20_000;
/** Milliseconds within which the first round comes; processes that start together do not sweep together. */
const firstRoundWithin = 5_000;

/**
 * Sweeps in the background: soon after the start, since a service that was down has a backlog, and then every minute. Rounds of one process never overlap.
 * @returns a function that ends it after the batch under way.
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
    if (Object.values(outcome.deleted).some((count) => count > 0)) log.info(outcome.deleted, 'rows past their time deleted');
    for (const [rows, error] of Object.entries(outcome.failed)) {
      log.warn({ rows, error: describeError(error) }, 'rows past their time could not be deleted; the next round tries again');
    }
    await pause(outcome.finished ? betweenRounds : betweenUnfinishedRounds, signal);
  }
}

/** Ends early where the sweeper is stopped, and keeps no process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}
