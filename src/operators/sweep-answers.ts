import type { Queryable } from '../database/database.ts';
import { sweepAnswers } from './idempotency-store.ts';

const batch = 500;

/**
 * Deletes the answers that were kept for 24 hours for repeated requests, in small batches; several processes may do it at once. Nothing depends
 * on it but tidiness: an `Idempotency-Key` is free again the moment its 24 hours are over.
 * @returns how many went.
 */
export async function sweepKeptAnswers(database: Queryable): Promise<number> {
  let total = 0;
  for (;;) {
    const swept = await sweepAnswers(database, batch);
    total += swept;
    if (swept < batch) return total;
  }
}
