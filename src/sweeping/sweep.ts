import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Queryable } from '../database/database.ts';

/** Rows that are kept for a time and then deleted; each slice declares its own. */
export interface SweptRows {
  /** For the log, the metrics and `chodae sweep`, such as `sessions`. */
  readonly name: string;
  /**
   * Deletes up to `batch` rows whose time is over, the oldest first, and passes over those that somebody else is deleting.
   * @param from where the batch before ended. Without it each batch would walk over all that were deleted and that a transaction left open by
   *   somebody keeps from being cleaned away: a million rows took more than 5 minutes (bench/results.md).
   */
  readonly deleteBatch: (database: Queryable, batch: number, from: Date | null) => Promise<SweptBatch>;
  /** Counts the rows whose time is over. */
  readonly countDue: (database: Queryable) => Promise<number>;
}

export interface SweptBatch {
  /** Fewer than asked for: nothing is left for now. */
  readonly deleted: number;
  /** The time of the newest of them; NULL: there was none. */
  readonly up_to: Date | null;
}

export interface SweepLimits {
  /** Milliseconds for each kind of row; undefined: until nothing is left. */
  readonly millisecondsEach?: number;
  /** Ends the sweep after the batch under way. */
  readonly signal?: AbortSignal;
}

export interface SweepOutcome {
  /** How many rows of each kind went, by its name. */
  readonly deleted: Readonly<Record<string, number>>;
  /** False where time was up before everything had gone. */
  readonly finished: boolean;
  /** What went wrong, by the name of the kind; the others were swept all the same. */
  readonly failed: Readonly<Record<string, unknown>>;
}

/** Rows of one statement, whose locks are held until it ends. */
const batch = 250;
/** Milliseconds between two batches at least. */
const shortestPause = 10;

/**
 * Deletes what is past its time, in small batches; any number of processes may do it at once. After each full batch it pauses for twice as long as the
 * batch took: a backlog takes a third of one connection's time at most, and less of the database the busier that is.
 */
export async function sweepRows(database: Queryable, kinds: readonly SweptRows[], limits: SweepLimits = {}): Promise<SweepOutcome> {
  const deleted: Record<string, number> = Object.fromEntries(kinds.map(({ name }) => [name, 0]));
  const failed: Record<string, unknown> = {};
  let finished = true;
  for (const kind of kinds) {
    try {
      const isEmpty = await deleteInBatches(database, kind, limits, (count) => {
        deleted[kind.name] = (deleted[kind.name] ?? 0) + count;
      });
      finished &&= isEmpty;
    } catch (error) {
      failed[kind.name] = error;
    }
  }
  return { deleted, finished, failed };
}

/** @returns whether nothing is left. */
async function deleteInBatches(
  database: Queryable,
  { deleteBatch }: SweptRows,
  { millisecondsEach = Number.POSITIVE_INFINITY, signal }: SweepLimits,
  note: (deleted: number) => void,
): Promise<boolean> {
  const until = performance.now() + millisecondsEach;
  let from: Date | null = null;
  while (!signal?.aborted) {
    const begun = performance.now();
    const { deleted, up_to } = await deleteBatch(database, batch, from);
    from = up_to;
    note(deleted);
    if (deleted < batch) return true;
    const now = performance.now();
    if (now >= until) return false;
    await delay(Math.max(shortestPause, 2 * (now - begun)), undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Milliseconds: there may be millions, and whoever asks can wait. */
const countLimit = 60_000;

/** @returns how many rows of each kind are past their time, by its name; nothing is changed. */
export async function countDueRows(database: Database, kinds: readonly SweptRows[]): Promise<Readonly<Record<string, number>>> {
  const due: Record<string, number> = {};
  for (const { name, countDue } of kinds) due[name] = await database.transaction(countDue, { statementMilliseconds: countLimit });
  return due;
}
