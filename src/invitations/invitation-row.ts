import { campaignRevoked, heldSeats, type InvitationState, stateOf, usedSeats } from './availability.ts';

/** An invitation as every statement for operators reads it: what `shown-invitation.ts` needs. */
export interface InvitationRow {
  readonly id: number;
  readonly code: string;
  readonly status: InvitationState;
  readonly max_uses: number;
  readonly used: number;
  /** Never more than `max_uses - used`. */
  readonly held: number;
  readonly campaign: string | null;
  readonly note: string | null;
  /** E.164. */
  readonly phone: string | null;
  readonly created_by: string | null;
  readonly created_at: Date | null;
  readonly starts_at: Date | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly campaign_revoked: boolean;
  readonly batch: string | null;
  readonly version: string;
}

/**
 * The SELECT (or RETURNING) list that gives an `InvitationRow`.
 * @param row the alias of "Invitation" in the statement.
 */
export function invitationColumns(row: string): string {
  const stored = [
    'id',
    'code',
    'max_uses',
    'campaign',
    'note',
    'phone',
    'created_by',
    'created_at',
    'starts_at',
    'expires_at',
    'revoked_at',
  ];
  return `${[...stored, 'batch'].map((column) => `${row}.${column}`).join(', ')},
    ${stateOf(row)} AS status, ${usedSeats(row)} AS used, ${heldSeats(row)} AS held, ${campaignRevoked(row)} AS campaign_revoked,
    ${versionOf(row)} AS version`;
}

/**
 * A digest of what an operator can change, as SQL: equal versions mean that nobody changed anything in between. Moments count as seconds, because
 * their text follows the session's time zone. SHA-256, because a server in FIPS mode refuses `md5()`; half of it is plenty for comparing.
 */
function versionOf(row: string): string {
  const seconds = (column: string) => `extract(epoch FROM ${row}.${column})`;
  const changeable = [`${row}.max_uses`, seconds('starts_at'), seconds('expires_at'), seconds('revoked_at')];
  const values = [...changeable, `${row}.campaign`, `${row}.note`, `${row}.phone`].join(', ');
  return `left(encode(sha256(convert_to(jsonb_build_array(${values})::text, 'UTF8')), 'hex'), 32)`;
}
