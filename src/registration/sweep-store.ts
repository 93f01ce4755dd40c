import { type Queryable, statement } from '../database/database.ts';
import type { SweptBatch } from '../sweeping/sweep.ts';
import { keepAttempts } from './store.ts';

/** The statements that delete what sign-ups leave behind. */

interface Due {
  readonly due: number;
}

const nothing: SweptBatch = { deleted: 0, up_to: null };

const sweepSessionsStatement = statement<SweptBatch>(
  'registration_sweep_sessions',
  `WITH expired AS (
     SELECT "sessionId" FROM "RegisterSession" WHERE expires_at <= now() AND expires_at >= COALESCE($2::timestamptz, '-infinity'::timestamptz)
     ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
   ), session AS (
     DELETE FROM "RegisterSession" s USING expired WHERE s."sessionId" = expired."sessionId" RETURNING s.*
   ), attempt AS (
     ${keepAttempts('session', 'expired', 'session.expires_at')}
   )
   SELECT count(*) AS deleted, max(expires_at) AS up_to FROM session`,
);

/** Deletes up to `batch` expired sessions, skipping locked ones, and keeps an attempt for each. */
export async function sweepSessions(database: Queryable, batch: number, from: Date | null): Promise<SweptBatch> {
  const [row = nothing] = await database.run(sweepSessionsStatement, [batch, from]);
  return row;
}

const countSessionsStatement = statement<Due>(
  'registration_count_expired_sessions',
  'SELECT count(*) AS due FROM "RegisterSession" WHERE expires_at <= now()',
);

export async function countExpiredSessions(database: Queryable): Promise<number> {
  const [row] = await database.run(countSessionsStatement);
  return row?.due ?? 0;
}

const sweepReceiptsStatement = statement<SweptBatch>(
  'registration_sweep_receipts',
  `WITH expired AS (
     SELECT session_id FROM registration_receipts
     WHERE completed_at <= now() - interval '24 hours' AND completed_at >= COALESCE($2::timestamptz, '-infinity'::timestamptz)
     ORDER BY completed_at LIMIT $1 FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM registration_receipts r USING expired WHERE r.session_id = expired.session_id RETURNING r.completed_at
   )
   SELECT count(*) AS deleted, max(completed_at) AS up_to FROM deleted`,
);

/** Deletes up to `batch` receipts older than 24 hours. */
export async function sweepReceipts(database: Queryable, batch: number, from: Date | null): Promise<SweptBatch> {
  const [row = nothing] = await database.run(sweepReceiptsStatement, [batch, from]);
  return row;
}

const countReceiptsStatement = statement<Due>(
  'registration_count_old_receipts',
  `SELECT count(*) AS due FROM registration_receipts WHERE completed_at <= now() - interval '24 hours'`,
);

export async function countOldReceipts(database: Queryable): Promise<number> {
  const [row] = await database.run(countReceiptsStatement);
  return row?.due ?? 0;
}

const sweepAttemptsStatement = statement<SweptBatch>(
  'registration_sweep_attempts',
  `WITH old AS (
     SELECT attempt FROM registration_attempts
     WHERE verified_at <= now() - make_interval(secs => $3::double precision) AND verified_at >= COALESCE($2::timestamptz, '-infinity'::timestamptz)
     ORDER BY verified_at LIMIT $1 FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM registration_attempts a USING old WHERE a.attempt = old.attempt RETURNING a.verified_at
   )
   SELECT count(*) AS deleted, max(verified_at) AS up_to FROM deleted`,
);

/** Deletes up to `batch` attempts that began more than `keptSeconds` ago. */
export async function sweepAttempts(database: Queryable, batch: number, from: Date | null, keptSeconds: number): Promise<SweptBatch> {
  const [row = nothing] = await database.run(sweepAttemptsStatement, [batch, from, keptSeconds]);
  return row;
}

const countAttemptsStatement = statement<Due>(
  'registration_count_old_attempts',
  'SELECT count(*) AS due FROM registration_attempts WHERE verified_at <= now() - make_interval(secs => $1::double precision)',
);

export async function countOldAttempts(database: Queryable, keptSeconds: number): Promise<number> {
  const [row] = await database.run(countAttemptsStatement, [keptSeconds]);
  return row?.due ?? 0;
}

const moveEventsStatement = statement<SweptBatch>(
  'registration_move_events',
  'SELECT chodae_move_events($1::integer) AS deleted, NULL::timestamptz AS up_to',
);

/** Moves events of the versions before `registration_attempts` there, newest first; the table of events is dropped in the end. */
export async function moveEvents(database: Queryable, batch: number): Promise<SweptBatch> {
  const [row = nothing] = await database.run(moveEventsStatement, [batch]);
  return row;
}

/** PostgreSQL's estimate: the table may be gone, and a statement that names it would fail. */
const countEventsStatement = statement<Due>(
  'registration_count_events',
  `SELECT COALESCE((SELECT GREATEST(reltuples, 0) FROM pg_class WHERE oid = to_regclass('registration_events')), 0)::bigint AS due`,
);

export async function countEvents(database: Queryable): Promise<number> {
  const [row] = await database.run(countEventsStatement);
  return row?.due ?? 0;
}
