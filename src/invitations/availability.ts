/**
 * What an invitation is right now, as SQL over its row, so that the database's clock decides. `is_used` is the truth about "no seat left",
 * because the original's SQL resets that column; `use_count` alone never decides. An invitation is revoked by itself or with its campaign.
 */
export type InvitationState = 'usable' | 'revoked' | 'used' | 'expired' | 'not_started';

/**
 * Whether the campaign of an invitation is revoked.
 * @param row the alias of "Invitation" in the statement.
 */
export function campaignRevoked(row: string): string {
  return `EXISTS (SELECT FROM campaigns revoked WHERE revoked.name = ${row}.campaign AND revoked.revoked_at IS NOT NULL)`;
}

/**
 * @param row the alias of "Invitation" in the statement.
 * @returns an SQL expression that gives an `InvitationState`.
 */
export function stateOf(row: string): string {
  return `CASE WHEN ${row}.revoked_at IS NOT NULL OR ${campaignRevoked(row)} THEN 'revoked'
    WHEN ${row}.is_used THEN 'used'
    WHEN ${row}.expires_at <= now() THEN 'expired'
    WHEN ${row}.starts_at > now() THEN 'not_started'
    ELSE 'usable' END`;
}

/**
 * Whether somebody may still come in by the invitation, now or later.
 * @param row the alias of "Invitation" in the statement.
 */
export function mayBeUsed(row: string): string {
  return `(${stateOf(row)}) IN ('usable', 'not_started')`;
}

/**
 * What must still hold when a sign-up under way takes another step: not revoked, a seat left. A life span that ended meanwhile does not end a
 * sign-up that began in time.
 */
export function stillOpen(row: string): string {
  return `${row}.revoked_at IS NULL AND NOT ${row}.is_used AND NOT ${campaignRevoked(row)}`;
}

/**
 * A SELECT that locks the campaign of an invitation against being revoked until the transaction ends, and gives its `revoked_at` as it is after
 * whoever was revoking it has finished: a statement that only looked would look with its snapshot from before.
 * @param invitationId SQL for the invitation's id.
 * @param from the FROM item that it comes from.
 */
export function lockCampaign(from: string, invitationId: string): string {
  return `SELECT campaign.revoked_at FROM ${from}
     JOIN "Invitation" labelled ON labelled.id = ${invitationId} JOIN campaigns campaign ON campaign.name = labelled.campaign
     FOR SHARE OF campaign`;
}

/**
 * The uses that count. An invitation that is not used up although its count says so was reset by the original's SQL
 * (`SET is_used = false`): all its seats are free again.
 */
function countedUses(row: string): string {
  return `CASE WHEN ${row}.use_count >= ${row}.max_uses THEN 0 ELSE ${row}.use_count END`;
}

/** The seats that are gone, for showing: the original's program sets `is_used` and knows no count. */
export function usedSeats(row: string): string {
  return `CASE WHEN ${row}.is_used THEN ${row}.max_uses ELSE ${countedUses(row)} END`;
}

/**
 * The seats that somebody who is signing up has right now, for showing; never more than are left. On an invitation with one seat a session holds
 * nothing, but whoever looks at it wants to know that somebody is about to take the seat.
 */
export function heldSeats(row: string): string {
  return `(SELECT count(*) FROM (SELECT FROM "RegisterSession" live WHERE live."invitationId" = ${row}.id AND live.expires_at > now()
    LIMIT GREATEST(${row}.max_uses - (${usedSeats(row)}), 0)) held)::integer`;
}

/**
 * Whether a live sign-up has stored no step yet.
 * @param row the alias of "RegisterSession" in the statement.
 */
export function withoutStep(row: string): string {
  return `${row}.first_step_at IS NULL AND ${row}.network_key IS NOT NULL`;
}

/** Those of the held seats whose sign-up has stored no step yet, for showing; none where there is one seat, which nobody holds. */
export function heldWithoutStep(row: string): string {
  return `(SELECT count(*) FROM (SELECT FROM "RegisterSession" live WHERE ${row}.max_uses > 1 AND live."invitationId" = ${row}.id
    AND live.expires_at > now() AND ${withoutStep('live')} LIMIT GREATEST(${row}.max_uses - (${usedSeats(row)}), 0)) held)::integer`;
}

/**
 * The SET list by which a claim takes one seat; only in an UPDATE that also demands `stillOpen`.
 * @param user SQL for the new user's id.
 */
export function takeOneSeat(row: string, user: string): string {
  return `use_count = ${countedUses(row)} + 1, is_used = ${countedUses(row)} + 1 >= ${row}.max_uses, used_by = ${user}`;
}
