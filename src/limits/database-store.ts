import { type Queryable, statement } from '../database/database.ts';
import type { SweptBatch, SweptRows } from '../sweeping/sweep.ts';
import type { TryRate } from './guess-tries.ts';

export interface TakenPoints {
  /** Of the key in its window, these included. */
  readonly points: number;
  /** Until the window ends. */
  readonly milliseconds: number;
}

export interface WatchedPoints {
  /** Of the other key; NULL where it has no window. */
  readonly watched_points: number | null;
  readonly watched_milliseconds: number | null;
}

const millisecondsLeft = 'ceil(extract(epoch FROM expires_at - now()) * 1000)::integer';

const takeStatement = statement<TakenPoints & WatchedPoints>(
  'limits_take',
  `WITH watched AS (SELECT points, ${millisecondsLeft} AS milliseconds FROM rate_limits WHERE key = $4 AND expires_at > now())
   INSERT INTO rate_limits AS kept (key, points, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3::double precision))
   ON CONFLICT (key) DO UPDATE SET
     points = CASE WHEN kept.expires_at <= now() THEN excluded.points ELSE kept.points + excluded.points END,
     expires_at = CASE WHEN kept.expires_at <= now() THEN excluded.expires_at ELSE kept.expires_at END
   RETURNING points, ${millisecondsLeft} AS milliseconds,
     (SELECT points FROM watched) AS watched_points, (SELECT milliseconds FROM watched) AS watched_milliseconds`,
);

/**
 * Counts for a key, in a new window where it has none: one statement, so that the lock on the row puts parallel requests in an order.
 * @param watchedKey whose points are only read, in the same round trip.
 */
export async function takePoints(
  database: Queryable,
  key: string,
  points: number,
  windowSeconds: number,
  watchedKey: string | null = null,
): Promise<TakenPoints & WatchedPoints> {
  const [row] = await database.run(takeStatement, [key, points, windowSeconds, watchedKey]);
  if (!row) throw new Error('the statement gives one row whatever it is asked');
  return row;
}

const giveBackStatement = statement<TakenPoints>(
  'limits_give_back',
  `UPDATE rate_limits SET points = GREATEST(0, points - $2) WHERE key = $1 AND expires_at > now()
   RETURNING points, ${millisecondsLeft} AS milliseconds`,
);

/** Takes counts back; those of a window that has ended are gone anyway, and give the next window nothing. */
export async function giveBackPoints(database: Queryable, key: string, points: number): Promise<TakenPoints> {
  const [row] = await database.run(giveBackStatement, [key, points]);
  return row ?? { points: 0, milliseconds: 0 };
}

/** A row of tries holds two counts in one number: 32 × the tries that are taken + the right ones, 31 at most. */
const takeTryStatement = statement<{ allowed: boolean; points: number; milliseconds: number; window: string }>(
  'limits_take_try',
  `WITH taken AS (
     INSERT INTO rate_limits AS kept (key, points, expires_at) VALUES ($1, 32, now() + make_interval(secs => $2::double precision))
     ON CONFLICT (key) DO UPDATE SET
       points = CASE WHEN kept.expires_at <= now() THEN 32 ELSE kept.points + 32 END,
       expires_at = CASE WHEN kept.expires_at <= now() THEN excluded.expires_at ELSE kept.expires_at END
     WHERE kept.expires_at <= now() OR kept.points / 32 < $3::integer + $4::integer * (kept.points % 32)
     RETURNING points, expires_at
   )
   SELECT true AS allowed, points, ${millisecondsLeft} AS milliseconds, expires_at::text AS window FROM taken
   UNION ALL
   SELECT false, points, ${millisecondsLeft}, expires_at::text FROM rate_limits WHERE key = $1 AND NOT EXISTS (SELECT FROM taken)`,
);

/** Takes one try where one is left: one guarded statement. @returns `window` names the window, for `settleTry`. */
export async function takeTry(
  database: Queryable,
  key: string,
  { count, seconds, earned }: TryRate,
): Promise<{ allowed: boolean; remaining: number; milliseconds: number; window: string }> {
  const [row] = await database.run(takeTryStatement, [key, seconds, count, earned]);
  // Refused, and the row is newer than the statement.
  if (!row) return { allowed: false, remaining: 0, milliseconds: seconds * 1000, window: '' };
  const { allowed, points, milliseconds, window } = row;
  return { allowed, remaining: count + earned * (points % 32) - Math.floor(points / 32), milliseconds, window };
}

const settleTryStatement = statement(
  'limits_settle_try',
  `UPDATE rate_limits SET points = points - 32 + CASE WHEN $3::boolean AND points % 32 < $4::integer THEN 1 ELSE 0 END
   WHERE key = $1 AND expires_at = $2::timestamptz AND points >= 32`,
);

/** Gives a try back to the window that it was taken in. @param isRight whether it counts as a right one. */
export async function settleTry(
  database: Queryable,
  key: string,
  window: string,
  isRight: boolean,
  { mostRights }: TryRate,
): Promise<void> {
  await database.run(settleTryStatement, [key, window, isRight, mostRights]);
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
