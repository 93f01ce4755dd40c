import type { Queryable } from '../database/database.ts';
import { sweepReceipts, sweepSessions } from './store.ts';

const batch = 500;

/**
 * Deletes expired sessions, with the personal data in them, and receipts past their 24 hours, in small batches; several processes may do it at
 * once. Nothing depends on it but tidiness: an expired session is refused the moment it expires.
 * @returns how many rows of each went.
 */
export async function sweep(database: Queryable): Promise<{ sessions: number; receipts: number }> {
  return {
    sessions: await inBatches((size) => sweepSessions(database, size)),
    receipts: await inBatches((size) => sweepReceipts(database, size)),
  };
}

async function inBatches(sweepBatch: (size: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const swept = await sweepBatch(batch);
    total += swept;
    if (swept < batch) return total;
  }
}
