import type { Actor, AuditEntry } from '../audit.ts';
import { type Queryable, statement } from '../database/database.ts';
import type { Role } from './roles.ts';

export interface KeyFound {
  readonly id: number;
  readonly label: string;
  readonly role: Role;
  /** Whether `last_used_at` is older than a minute. */
  readonly stale: boolean;
}

const findKeyStatement = statement<KeyFound>(
  'operators_find_key',
  `SELECT id, label, role, last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS stale
   FROM operator_keys WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
);

/**
 * Looks a key up by its hash, through the index, so that timing reveals nothing about the key.
 * @returns undefined if it is unknown, expired or revoked.
 */
export async function findUsableKey(database: Queryable, hash: string): Promise<KeyFound | undefined> {
  const [row] = await database.run(findKeyStatement, [hash]);
  return row;
}

const noteUseStatement = statement(
  'operators_note_use',
  `UPDATE operator_keys SET last_used_at = now()
   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
);

/** At most once a minute per key, so that a busy client costs one write a minute, however many requests arrive at once. */
export async function noteKeyUse(database: Queryable, id: number): Promise<void> {
  await database.run(noteUseStatement, [id]);
}

const recordStatement = statement(
  'operators_record_audit',
  `INSERT INTO audit_log (key_id, operator, action, subject, subject_id, before, after, request_id, origin)
   VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb, $8, $9)`,
);

/** Appends to the audit log. No code changes an entry, and only `sweepAuditLog` deletes one. */
export async function recordAudit(transaction: Queryable, actor: Actor, entry: AuditEntry): Promise<void> {
  const { action, subject, subjectId, before, after } = entry;
  await transaction.run(recordStatement, [
    actor.keyId,
    actor.label,
    action,
    subject,
    subjectId === undefined ? null : String(subjectId),
    before === undefined ? null : JSON.stringify(before),
    after === undefined ? null : JSON.stringify(after),
    actor.requestId,
    actor.origin,
  ]);
}
