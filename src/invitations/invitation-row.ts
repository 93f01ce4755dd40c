import { campaignRevoked, heldSeats, heldWithoutStep, type InvitationState, stateOf, usedSeats } from './availability.ts';

/** An invitation as every operator statement reads it; the input of `shown-invitation.ts`. */
export interface InvitationRow {
  readonly id: number;
  readonly code: string;
  readonly status: InvitationState;
  readonly max_uses: number;
  readonly used: number;
  /** Never more than `max_uses - used`. */
  readonly held: number;
  /** Held seats whose sign-up has no stored step yet. */
  readonly held_without_step: number;
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
}

/** Whether it can still be used, now or later: `mayBeUsed` in SQL. */
export function isOpen({ status }: InvitationRow): boolean {
  return status === 'usable' || status === 'not_started';
}

/**
 * The SELECT (or RETURNING) list of an `InvitationRow`.
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
    ${stateOf(row)} AS status, ${usedSeats(row)} AS used, ${heldSeats(row)} AS held,
    ${heldWithoutStep(row)} AS held_without_step, ${campaignRevoked(row)} AS campaign_revoked`;
}
