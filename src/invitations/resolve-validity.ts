import { fieldRules } from '../problems.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { acceptDuration, acceptMoment, lifeSpanRules } from '../rules/validity.ts';

export const invitationLifeRules = fieldRules({
  expiry_before_start: {
    ko: '끝나는 시각(expires_at)은 시작하는 시각(starts_at)보다 뒤여야 합니다.',
    en: 'The invitation must expire after it starts: give a later expires_at or an earlier starts_at.',
  },
});

/** What an operator sent; at most one of `expires_at` and `valid_for`. */
export interface WrittenLifeSpan {
  readonly starts_at?: string | null | undefined;
  readonly expires_at?: string | null | undefined;
  readonly valid_for?: string | null | undefined;
}

/** The same, parsed; durations in seconds. */
export interface WantedLifeSpan {
  readonly startsAt: Date | null;
  readonly expiresAt: Date | null;
  readonly validForSeconds: number | null;
}

export interface LifeSpan {
  readonly startsAt: Date | null;
  readonly expiresAt: Date | null;
}

/** Checks the texts one by one. @param timeZone of days and times without an offset. */
export function acceptLifeSpan({ starts_at, expires_at, valid_for }: WrittenLifeSpan, timeZone: string): Accepted<WantedLifeSpan> {
  const start = starts_at == null ? accepted(null) : acceptMoment('starts_at', starts_at, timeZone);
  const end = expires_at == null ? accepted(null) : acceptMoment('expires_at', expires_at, timeZone, 'end');
  const length = valid_for == null ? accepted(null) : acceptDuration('valid_for', valid_for);
  if (start.ok && end.ok && length.ok) {
    if (end.value !== null && length.value !== null) return refused({ field: 'valid_for', rule: lifeSpanRules.expiry_twice });
    return accepted({ startsAt: start.value, expiresAt: end.value, validForSeconds: length.value });
  }
  return { ok: false, errors: [start, end, length].flatMap((each) => (each.ok ? [] : each.errors)) };
}

/**
 * Turns a wanted life span into a start and an end.
 * @param now by the database's clock, read in the transaction that stores them (`databaseNow`).
 * @param pastAllowed whether it may have ended already: an export can be imported again.
 */
export function settleLifeSpan(now: Date, wanted: WantedLifeSpan, { pastAllowed = false } = {}): Accepted<LifeSpan> {
  const { startsAt, validForSeconds } = wanted;
  const begins = startsAt ?? now;
  const expiresAt = validForSeconds === null ? wanted.expiresAt : new Date(begins.getTime() + validForSeconds * 1000);
  const field = validForSeconds === null ? 'expires_at' : 'valid_for';
  if (expiresAt !== null) {
    if (expiresAt.getUTCFullYear() > 9999) return refused({ field, rule: lifeSpanRules.moment_range });
    if (startsAt !== null && expiresAt <= startsAt) return refused({ field, rule: invitationLifeRules.expiry_before_start });
    if (expiresAt <= now && !pastAllowed) return refused({ field, rule: lifeSpanRules.moment_past });
  }
  return accepted({ startsAt, expiresAt });
}
