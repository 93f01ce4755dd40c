import { type Queryable, statement } from '../database/database.ts';
import type { SweptBatch } from '../sweeping/sweep.ts';

const nothing: SweptBatch = { deleted: 0, up_to: null };

const sweepAuditStatement = statement<SweptBatch>(
  'operators_sweep_audit',
  `WITH old AS (
     SELECT id FROM audit_log
     WHERE at <= now() - make_interval(secs => $3::double precision) AND at >= COALESCE($2, '-infinity'::timestamptz)
     ORDER BY at, id LIMIT $1 FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM audit_log a USING old WHERE a.id = old.id RETURNING a.at
   )
   SELECT count(*) AS deleted, max(at) AS up_to FROM deleted`,
);

/** Deletes up to `batch` entries of the audit log older than `keptSeconds`; no other code deletes one. */
export async function sweepAuditLog(database: Queryable, batch: number, from: Date | null, keptSeconds: number): Promise<SweptBatch> {
  const [row = nothing] = await database.run(sweepAuditStatement, [batch, from, keptSeconds]);
  return row;
}

const countAuditStatement = statement<{ due: number }>(
  'operators_count_old_audit',
  'SELECT count(*) AS due FROM audit_log WHERE at <= now() - make_interval(secs => $1::double precision)',
);

export async function countOldAuditEntries(database: Queryable, keptSeconds: number): Promise<number> {
  const [row] = await database.run(countAuditStatement, [keptSeconds]);
  return row?.due ?? 0;
}

const sweepAnswersStatement = statement<SweptBatch>(
  'operators_sweep_idempotent',
  `WITH old AS (
     SELECT operator_id, key FROM idempotency_keys
     WHERE created_at <= now() - interval '24 hours' AND created_at >= COALESCE($2, '-infinity'::timestamptz)
     ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
   ), deleted AS (
     DELETE FROM idempotency_keys k USING old WHERE k.operator_id = old.operator_id AND k.key = old.key RETURNING k.created_at
   )
   SELECT count(*) AS deleted, max(created_at) AS up_to FROM deleted`,
);

/** Deletes up to `batch` stored answers older than 24 hours. */
export async function sweepAnswers(database: Queryable, batch: number, from: Date | null): Promise<SweptBatch> {
  const [row = nothing] = await database.run(sweepAnswersStatement, [batch, from]);
  return row;
}

const countAnswersStatement = statement<{ due: number }>(
  'operators_count_old_answers',
  `SELECT count(*) AS due FROM idempotency_keys WHERE created_at <= now() - interval '24 hours'`,
);

export async function countOldAnswers(database: Queryable): Promise<number> {
  const [row] = await database.run(countAnswersStatement);
  return row?.due ?? 0;
}
