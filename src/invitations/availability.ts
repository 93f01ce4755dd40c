/**
 * What an invitation is right now, as SQL over its row, so that the database's clock decides. `is_used` is the truth about "no seat left",
 * because the original's SQL resets that column; `use_count` alone never decides.
 */
export type InvitationState = 'usable' | 'revoked' | 'used' | 'expired' | 'not_started';

/** @param row the alias of "Invitation" in the statement. @returns an SQL expression that gives an `InvitationState`. */
export function stateOf(row: string): string {
  return `CASE WHEN ${row}.revoked_at IS NOT NULL THEN 'revoked'
    WHEN ${row}.is_used THEN 'used'
    WHEN ${row}.expires_at <= now() THEN 'expired'
    WHEN ${row}.starts_at > now() THEN 'not_started'
    ELSE 'usable' END`;
}

/**
 * What must still hold when a sign-up under way takes another step: not revoked, a seat left. A life span that ended meanwhile does not end a
 * sign-up that began in time.
 */
export function stillOpen(row: string): string {
  return `${row}.revoked_at IS NULL AND NOT ${row}.is_used`;
}

/**
 * The uses that count. An invitation that is not used up although its count says so was reset by the original's SQL
 * (`SET is_used = false`): all its seats are free again.
 */
function countedUses(row: string): string {
  return `CASE WHEN ${row}.use_count >= ${row}.max_uses THEN 0 ELSE ${row}.use_count END`;
}

/** The SET list by which a claim takes one seat; only in an UPDATE that also demands `stillOpen`. @param user SQL for the new user's id. */
export function takeOneSeat(row: string, user: string): string {
  return `use_count = ${countedUses(row)} + 1, is_used = ${countedUses(row)} + 1 >= ${row}.max_uses, used_by = ${user}`;
}
