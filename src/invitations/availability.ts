/**
 * The state of an invitation as SQL over its row, so that the database's clock decides. `is_used` is the truth about "no seat left",
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
 * Whether the invitation can still be used, now or later.
 * @param row the alias of "Invitation" in the statement.
 */
export function mayBeUsed(row: string): string {
  return `(${stateOf(row)}) IN ('usable', 'not_started')`;
}

/**
 * What must still hold when a sign-up in progress takes another step: not revoked, a seat left. An invitation that expired meanwhile does not
 * end a sign-up that began in time.
 */
export function stillOpen(row: string): string {
  return `${row}.revoked_at IS NULL AND NOT ${row}.is_used AND NOT ${campaignRevoked(row)}`;
}

/**
 * A SELECT that locks the campaign of an invitation against revocation until the transaction ends, and returns its `revoked_at` after any
 * concurrent revocation has finished. A plain SELECT would see its snapshot from before.
 * @param invitationId SQL for the invitation's id.
 * @param from the FROM item that provides it.
 */
export function lockCampaign(from: string, invitationId: string): string {
  return `SELECT campaign.revoked_at FROM ${from}
     JOIN "Invitation" labelled ON labelled.id = ${invitationId} JOIN campaigns campaign ON campaign.name = labelled.campaign
     FOR SHARE OF campaign`;
}

/**
 * The uses that count. If the count is full but `is_used` is false, the original's SQL reset the invitation
 * (`SET is_used = false`) and all its seats are free again.
 */
function countedUses(row: string): string {
  return `CASE WHEN ${row}.use_count >= ${row}.max_uses THEN 0 ELSE ${row}.use_count END`;
}

/** Used seats, for display: the original's program sets `is_used` and has no count. */
export function usedSeats(row: string): string {
  return `CASE WHEN ${row}.is_used THEN ${row}.max_uses ELSE ${countedUses(row)} END`;
}

/**
 * Seats held by sign-ups in progress, for display; never more than are left. On a single-seat invitation a session holds no seat, but operators
 * want to see that its seat is about to be taken.
 */
export function heldSeats(row: string): string {
  return `(SELECT count(*) FROM (SELECT FROM "RegisterSession" live WHERE live."invitationId" = ${row}.id AND live.expires_at > now()
    LIMIT GREATEST(${row}.max_uses - (${usedSeats(row)}), 0)) held)::integer`;
}

/**
 * Whether a live sign-up has no stored step yet.
 * @param row the alias of "RegisterSession" in the statement.
 */
export function withoutStep(row: string): string {
  return `${row}.first_step_at IS NULL AND ${row}.network_key IS NOT NULL`;
}

/** Held seats whose sign-up has no stored step yet, for display; 0 on single-seat invitations, where seats are not held. */
export function heldWithoutStep(row: string): string {
  return `(SELECT count(*) FROM (SELECT FROM "RegisterSession" live WHERE ${row}.max_uses > 1 AND live."invitationId" = ${row}.id
    AND live.expires_at > now() AND ${withoutStep('live')} LIMIT GREATEST(${row}.max_uses - (${usedSeats(row)}), 0)) held)::integer`;
}

/**
 * The SET list of a claim that takes one seat; only for an UPDATE that also checks `stillOpen`.
 * @param user SQL for the new user's id.
 */
export function takeOneSeat(row: string, user: string): string {
  return `use_count = ${countedUses(row)} + 1, is_used = ${countedUses(row)} + 1 >= ${row}.max_uses, used_by = ${user}`;
}
