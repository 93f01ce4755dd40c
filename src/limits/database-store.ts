import { type Database, type Statement, statement } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import type { SweptBatch, SweptRows } from '../sweeping/sweep.ts';
import { requestLimit } from '../time-limits.ts';
import type { LimitStore, Points } from './limiter.ts';

const millisecondsLeft = 'ceil(extract(epoch FROM expires_at - now()) * 1000)::integer';

/** Counts in a new window where the key has none. The lock on the row puts parallel requests in an order. `$2` points are taken below `$3`, above it 1. */
const takeStatement = statement<Points & { watched_points: number | null; watched_milliseconds: number | null }>(
  'limits_take',
  `WITH watched AS (SELECT points, ${millisecondsLeft} AS milliseconds FROM rate_limits WHERE key = $5 AND expires_at > now())
   INSERT INTO rate_limits AS kept (key, points, expires_at) VALUES ($1, $2, now() + make_interval(secs => $4::double precision))
   ON CONFLICT (key) DO UPDATE SET
     points = CASE WHEN kept.expires_at <= now() THEN excluded.points WHEN kept.points < $3::integer THEN kept.points + excluded.points
       ELSE kept.points + 1 END,
     expires_at = CASE WHEN kept.expires_at <= now() THEN excluded.expires_at ELSE kept.expires_at END
   RETURNING points, ${millisecondsLeft} AS milliseconds,
     (SELECT points FROM watched) AS watched_points, (SELECT milliseconds FROM watched) AS watched_milliseconds`,
);

/** Points of a window that has ended give the next window nothing. */
const giveBackStatement = statement(
  'limits_give_back',
  'UPDATE rate_limits SET points = GREATEST(0, LEAST(points, $2) - 1) WHERE key = $1 AND expires_at > now()',
);

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

const settleTryStatement = statement(
  'limits_settle_try',
  `UPDATE rate_limits SET points = points - 32 + CASE WHEN $3::boolean AND points % 32 < $4::integer THEN 1 ELSE 0 END
   WHERE key = $1 AND expires_at = $2::timestamptz AND points >= 32`,
);

/** Counts in PostgreSQL: one guarded statement for each question. The database's clock ends the windows. */
export function databaseStore(opened: Database): LimitStore {
  const database = {
    run: <Row>(wanted: Statement<Row>, values: readonly unknown[]) => opened.run(wanted, values, startDeadline(requestLimit)),
  };
  return {
    async take(key, { ahead, plenty, seconds }, watchedKey) {
      const [row] = await database.run(takeStatement, [key, ahead, plenty, seconds, watchedKey ?? null]);
      if (!row) throw new Error('an upsert returns its row');
      const { points, milliseconds, watched_points, watched_milliseconds } = row;
      const watched = watched_points === null ? undefined : { points: watched_points, milliseconds: watched_milliseconds ?? 0 };
      return { points, milliseconds, watched };
    },
    async giveBack(key, { count }) {
      await database.run(giveBackStatement, [key, count]);
    },
    async takeTry(key, { count, seconds, earned }) {
      const [row] = await database.run(takeTryStatement, [key, seconds, count, earned]);
      // Refused, and the row is newer than the statement.
      if (!row) return { allowed: false, milliseconds: seconds * 1000 };
      const { allowed, points, milliseconds, window } = row;
      if (!allowed) return { allowed, milliseconds };
      return { allowed, remaining: count + earned * (points % 32) - Math.floor(points / 32), milliseconds, window };
    },
    async settleTry(key, window, isRight, { mostRights }) {
      await database.run(settleTryStatement, [key, window, isRight, mostRights]);
    },
  };
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

/** Windows that have ended. */
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
