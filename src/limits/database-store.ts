import { type Queryable, statement } from '../database/database.ts';
import type { SweptBatch, SweptRows } from '../sweeping/sweep.ts';

export interface TakenPoints {
  /** Of the key in its window, these included. */
  readonly points: number;
  /** Until the window ends. */
  readonly milliseconds: number;
}

const takeStatement = statement<TakenPoints>(
  'limits_take',
  `INSERT INTO rate_limits AS kept (key, points, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3::double precision))
   ON CONFLICT (key) DO UPDATE SET
     points = CASE WHEN kept.expires_at <= now() THEN excluded.points ELSE kept.points + excluded.points END,
     expires_at = CASE WHEN kept.expires_at <= now() THEN excluded.expires_at ELSE kept.expires_at END
   RETURNING points, ceil(extract(epoch FROM expires_at - now()) * 1000)::integer AS milliseconds`,
);

/**
 * Counts for a key, in a new window where it has none: one statement, so that the lock on the row puts parallel requests in an order.
 * @param points may be negative: counts are given back.
 */
export async function takePoints(database: Queryable, key: string, points: number, windowSeconds: number): Promise<TakenPoints> {
  const [row] = await database.run(takeStatement, [key, points, windowSeconds]);
  if (!row) throw new Error('the statement gives one row whatever it is asked');
  return row;
}

const sweepStatement = statement<SweptBatch>(
  'limits_sweep',
  `WITH expired AS (
     SELECT key, expires_at FROM rate_limits WHERE expires_at <= now() AND expires_at >= COALESCE($2::timestamptz, '-infinity')
     ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM rate_limits r USING expired WHERE r.key = expired.key RETURNING expired.expires_at
   )
   SELECT count(*) AS deleted, max(expires_at) AS up_to FROM deleted`,
);

const countStatement = statement<{ due: number }>('limits_count_due', 'SELECT count(*) AS due FROM rate_limits WHERE expires_at <= now()');

/** Windows that have ended and that nobody is counting in. */
export const sweptWindows: SweptRows = {
  name: 'limit_windows',
  async deleteBatch(database, batch, from) {
    const [row] = await database.run(sweepStatement, [batch, from]);
    return row ?? { deleted: 0, up_to: null };
  },
  async countDue(database) {
    const [row] = await database.run(countStatement);
    return row?.due ?? 0;
  },
};
