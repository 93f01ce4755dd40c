import { type Queryable, statement } from '../database/database.ts';

const forgetStatement = statement<{ id: number; lost: boolean }>(
  'invitations_forget_guest',
  `WITH named AS (
     SELECT id, phone = $3::text AND NOT is_used AND revoked_at IS NULL AS lost FROM "Invitation"
     WHERE (id = $2 AND used_by = $1) OR phone = $3 ORDER BY id FOR UPDATE
   )
   UPDATE "Invitation" i SET
     used_by = nullif(i.used_by, $1),
     phone = nullif(i.phone, $3),
     revoked_at = CASE WHEN named.lost THEN now() ELSE i.revoked_at END
   FROM named WHERE i.id = named.id
   RETURNING i.id, coalesce(named.lost, false) AS lost`,
);

/**
 * Removes a person from the invitations: the one they used no longer names them, though its seat stays used, and invitations for their
 * phone number lose the number. One that only they could still use is revoked; without the number it would be open to everyone.
 * @returns the revoked invitations.
 */
export async function forgetGuest(
  transaction: Queryable,
  { userId, invitationId, phone }: { readonly userId: number; readonly invitationId: number; readonly phone: string | undefined },
): Promise<{ revoked_invitations?: number[] }> {
  const rows = await transaction.run(forgetStatement, [userId, invitationId, phone ?? null]);
  const revoked = rows.filter(({ lost }) => lost).map(({ id }) => id);
  return revoked.length > 0 ? { revoked_invitations: revoked } : {};
}
