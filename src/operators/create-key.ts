import type { Deadline } from '../deadline.ts';
import type { RepeatableRequest } from '../idempotency.ts';
import { Problem, validationFailed } from '../problems.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { acceptDuration, acceptMoment, lifeSpanRules } from '../rules/validity.ts';
import type { OperatorServices } from './dependencies.ts';
import { oncePerKey } from './idempotency.ts';
import { acceptLabel, labelKey } from './key-label.ts';
import { insertKey, type KeyRow, lockLabels } from './key-store.ts';
import { generateOperatorKey } from './operator-key.ts';
import { operatorProblems } from './problems.ts';
import type { Role } from './roles.ts';

/** What an admin sends about a new key. */
export interface KeyWanted {
  readonly label: string;
  readonly role: Role;
  /** RFC 3339. */
  readonly expires_at?: string | undefined;
  /** Such as `90d`, counted from now; not together with `expires_at`. Neither: the key never expires. */
  readonly valid_for?: string | undefined;
}

export interface KeyCreated extends KeyRow {
  /** The key itself, shown only now: we store a hash. */
  readonly key: string;
}

/**
 * Creates an operator key. Repeating an `Idempotency-Key` creates no second one, and cannot show the first one again.
 * @throws Problem `validation_failed`, `key_label_taken`, `key_shown_once`, `idempotency_key_reused`, `idempotency_key_invalid`.
 */
export async function createOperatorKey(
  { database, audit, timeZone }: OperatorServices,
  request: RepeatableRequest,
  wanted: KeyWanted,
  deadline: Deadline,
): Promise<KeyCreated> {
  const { label, expiresAt, validSeconds } = judge(wanted, timeZone);
  const { role } = wanted;
  const { actor } = request;
  return database.transaction(async (transaction) => {
    let created: KeyCreated | undefined;
    const { answer } = await oncePerKey(transaction, request, async () => {
      const taken = (await lockLabels(transaction)).find((other) => labelKey(other.label) === labelKey(label));
      if (taken) throw new Problem(operatorProblems.key_label_taken, { values: { id: taken.id }, members: { other_id: taken.id } });
      const { key, hash, hint } = generateOperatorKey();
      const row = await insertKey(transaction, { label, role, hash, hint, createdBy: actor.label, expiresAt, validSeconds });
      if (!row) throw validationFailed([{ field: 'expires_at', rule: lifeSpanRules.moment_past }]);
      const after = { label, role, expires_at: row.expires_at };
      await audit(transaction, actor, { action: 'operator_key.create', subject: 'operator_key', subjectId: row.id, after });
      created = { ...row, key };
      // Only the id is stored for a repeated request.
      return { id: row.id };
    });
    if (!created) throw new Problem(operatorProblems.key_shown_once, { members: { id: answer.id } });
    return created;
  }, deadline);
}

function judge(wanted: KeyWanted, timeZone: string): { label: string; expiresAt: Date | null; validSeconds: number | null } {
  const label = acceptLabel(wanted.label);
  const expiry = judgeExpiry(wanted, timeZone);
  if (label.ok && expiry.ok) return { label: label.value, ...expiry.value };
  throw validationFailed([label, expiry].flatMap((judged) => (judged.ok ? [] : judged.errors)));
}

function judgeExpiry(
  { expires_at, valid_for }: KeyWanted,
  timeZone: string,
): Accepted<{ expiresAt: Date | null; validSeconds: number | null }> {
  if (expires_at !== undefined && valid_for !== undefined) return refused({ field: 'valid_for', rule: lifeSpanRules.expiry_twice });
  if (expires_at !== undefined) {
    const moment = acceptMoment('expires_at', expires_at, timeZone, 'end');
    return moment.ok ? accepted({ expiresAt: moment.value, validSeconds: null }) : moment;
  }
  if (valid_for === undefined) return accepted({ expiresAt: null, validSeconds: null });
  const duration = acceptDuration('valid_for', valid_for);
  return duration.ok ? accepted({ expiresAt: null, validSeconds: duration.value }) : duration;
}
