import { setTimeout as delay } from 'node:timers/promises';
import { type Database, type Queryable, until } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import { dueCountLimit, requestLimit } from '../time-limits.ts';

/** Rows that are deleted after a retention period; each slice declares its own. */
export interface SweptRows {
  /** For the log, the metrics and `chodae sweep`, such as `sessions`. */
  readonly name: string;
  /**
   * Deletes up to `batch` expired rows, oldest first, skipping rows that another transaction is deleting.
   * @param from where the previous batch ended. Without it each batch would scan all rows that were deleted but, because of an open
   *   transaction, not yet vacuumed: a million rows took more than 5 minutes (bench/results.md).
   */
  readonly deleteBatch: (database: Queryable, batch: number, from: Date | null) => Promise<SweptBatch>;
  /** Counts the expired rows. */
  readonly countDue: (database: Queryable) => Promise<number>;
}

export interface SweptBatch {
  /** Fewer than `batch`: nothing is left for now. */
  readonly deleted: number;
  /** The time of the newest deleted row; NULL if there was none. */
  readonly up_to: Date | null;
}

export interface SweepLimits {
  /** Milliseconds per kind of row. Undefined: until nothing is left. */
  readonly millisecondsEach?: number;
  /** Ends the sweep after the current batch. */
  readonly signal?: AbortSignal;
}

export interface SweepOutcome {
  /** Deleted rows by kind. */
  readonly deleted: Readonly<Record<string, number>>;
  /** False if time ran out before everything was deleted. */
  readonly finished: boolean;
  /** Errors by kind; the other kinds were swept all the same. */
  readonly failed: Readonly<Record<string, unknown>>;
}

/** Rows per statement, whose locks are held until it ends. */
const batch = 250;
/** Minimum milliseconds between two batches. */
const shortestPause = 10;

/**
 * Deletes expired rows in small batches; any number of processes may do so at once. After each full batch it pauses for twice the batch's
 * duration: a backlog takes at most a third of one connection's time, and less on a busier database.
 */
export async function sweepRows(database: Database, kinds: readonly SweptRows[], limits: SweepLimits = {}): Promise<SweepOutcome> {
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
  database: Database,
  { deleteBatch }: SweptRows,
  { millisecondsEach = Number.POSITIVE_INFINITY, signal }: SweepLimits,
  note: (deleted: number) => void,
): Promise<boolean> {
  const endsAt = performance.now() + millisecondsEach;
  let from: Date | null = null;
  while (!signal?.aborted) {
    const begun = performance.now();
    const { deleted, up_to } = await deleteBatch(until(startDeadline(requestLimit), database), batch, from);
    from = up_to;
    note(deleted);
    if (deleted < batch) return true;
    const now = performance.now();
    if (now >= endsAt) return false;
    await delay(Math.max(shortestPause, 2 * (now - begun)), undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** @returns how many rows of each kind have expired, without changing anything. */
export async function countDueRows(database: Database, kinds: readonly SweptRows[]): Promise<Readonly<Record<string, number>>> {
  const due: Record<string, number> = {};
  for (const { name, countDue } of kinds) due[name] = await database.transaction(countDue, startDeadline(dueCountLimit));
  return due;
}
