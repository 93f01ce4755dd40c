import { type Queryable, statement } from '../database/database.ts';
import type { SweptBatch } from '../sweeping/sweep.ts';

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
   ), deleted AS (
     DELETE FROM "RegisterSession" s USING expired WHERE s."sessionId" = expired."sessionId"
     RETURNING s.attempt, s."invitationId", s.expires_at
   ), event AS (
     INSERT INTO registration_events (attempt, event, invitation_id, at) SELECT attempt, 'expired', "invitationId", expires_at FROM deleted
     ON CONFLICT DO NOTHING
   )
   SELECT count(*) AS deleted, max(expires_at) AS up_to FROM deleted`,
);

/** Deletes up to `batch` expired sessions, skipping locked ones, and writes an event for each. */
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

const sweepEventsStatement = statement<SweptBatch>(
  'registration_sweep_events',
  `WITH old AS (
     SELECT attempt, event FROM registration_events
     WHERE at <= now() - make_interval(secs => $3::double precision) AND at >= COALESCE($2::timestamptz, '-infinity'::timestamptz)
     ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM registration_events e USING old WHERE e.attempt = old.attempt AND e.event = old.event RETURNING e.at
   )
   SELECT count(*) AS deleted, max(at) AS up_to FROM deleted`,
);

/** Deletes up to `batch` events of the funnel older than `keptSeconds`. */
export async function sweepEvents(database: Queryable, batch: number, from: Date | null, keptSeconds: number): Promise<SweptBatch> {
  const [row = nothing] = await database.run(sweepEventsStatement, [batch, from, keptSeconds]);
  return row;
}

const countEventsStatement = statement<Due>(
  'registration_count_old_events',
  'SELECT count(*) AS due FROM registration_events WHERE at <= now() - make_interval(secs => $1::double precision)',
);

export async function countOldEvents(database: Queryable, keptSeconds: number): Promise<number> {
  const [row] = await database.run(countEventsStatement, [keptSeconds]);
  return row?.due ?? 0;
}
