import { type Queryable, statement } from '../../database/database.ts';
import { usedSeats } from '../availability.ts';
import { type InvitationRow, invitationColumns } from '../invitation-row.ts';

const readStatement = statement<InvitationRow>('invitations_read', `SELECT ${invitationColumns('i')} FROM "Invitation" i WHERE i.id = $1`);

/** @returns undefined if there is no such invitation. */
export async function readInvitation(database: Queryable, id: number): Promise<InvitationRow | undefined> {
  const [row] = await database.run(readStatement, [id]);
  return row;
}

const lockStatement = statement<InvitationRow>(
  'invitations_lock',
  `SELECT ${invitationColumns('i')} FROM "Invitation" i WHERE i.id = $1 FOR NO KEY UPDATE OF i`,
);

/**
 * Locks an invitation against changes, revocation and claims until the transaction ends, and returns it as it is after concurrent
 * changes have finished.
 */
export async function lockInvitation(transaction: Queryable, id: number): Promise<InvitationRow | undefined> {
  const [row] = await transaction.run(lockStatement, [id]);
  return row;
}

/** The new values; undefined: unchanged. */
export interface InvitationChange {
  readonly maxUses: number | undefined;
  readonly startsAt: Date | null | undefined;
  readonly expiresAt: Date | null | undefined;
  readonly campaign: string | null | undefined;
  readonly note: string | null | undefined;
  readonly phone: string | null | undefined;
}

/**
 * A new number of seats recomputes the used ones: the original's program sets and resets only `is_used`.
 * The table's check constraint rejects what the use case has let through by mistake.
 */
const changeStatement = statement<InvitationRow>(
  'invitations_change',
  `UPDATE "Invitation" i SET
     max_uses = COALESCE($2::integer, i.max_uses),
     use_count = CASE WHEN $2::integer IS NULL THEN i.use_count ELSE ${usedSeats('i')} END,
     is_used = CASE WHEN $2::integer IS NULL THEN i.is_used ELSE ${usedSeats('i')} >= $2::integer END,
     starts_at = CASE WHEN $3::boolean THEN $4::timestamptz ELSE i.starts_at END,
     expires_at = CASE WHEN $5::boolean THEN $6::timestamptz ELSE i.expires_at END,
     campaign = CASE WHEN $7::boolean THEN $8::text ELSE i.campaign END,
     note = CASE WHEN $9::boolean THEN $10::text ELSE i.note END,
     phone = CASE WHEN $11::boolean THEN $12::text ELSE i.phone END
   WHERE i.id = $1
   RETURNING ${invitationColumns('i')}`,
);

/** Requires the lock of `lockInvitation` in this transaction. */
export async function storeChange(transaction: Queryable, id: number, change: InvitationChange): Promise<InvitationRow> {
  const { maxUses, startsAt, expiresAt, campaign, note, phone } = change;
  const columns = [startsAt, expiresAt, campaign, note, phone].flatMap((value) => [value !== undefined, value ?? null]);
  return onlyRow(await transaction.run(changeStatement, [id, maxUses ?? null, ...columns]));
}

const revokeStatement = statement<InvitationRow>(
  'invitations_revoke',
  `UPDATE "Invitation" i SET revoked_at = CASE WHEN $2::boolean THEN now() END WHERE i.id = $1 RETURNING ${invitationColumns('i')}`,
);

/**
 * Requires the lock of `lockInvitation` in this transaction.
 * @param revoked false: makes it usable again.
 */
export async function storeRevocation(transaction: Queryable, id: number, revoked: boolean): Promise<InvitationRow> {
  return onlyRow(await transaction.run(revokeStatement, [id, revoked]));
}

function onlyRow(rows: readonly InvitationRow[]): InvitationRow {
  const [row] = rows;
  if (!row || rows.length > 1) throw new Error('expected to change exactly one locked invitation');
  return row;
}
