import { createHash } from 'node:crypto';
import type { CountryCode } from 'libphonenumber-js';
import { shownMoment } from '../rules/format-timestamp.ts';
import { maskPhone } from '../rules/phone.ts';
import type { InvitationState } from './availability.ts';
import type { PersonInvited } from './dependencies.ts';
import type { InvitationRow } from './invitation-row.ts';

/** The answer `Invitation` of `schema.ts`, without its version. */
export interface InvitationMembers {
  readonly id: number;
  readonly code: string;
  readonly link: string | null;
  readonly status: InvitationState;
  readonly seats: {
    readonly total: number;
    readonly used: number;
    readonly held: number;
    readonly held_without_step: number;
    readonly free: number;
  };
  readonly campaign: string | null;
  readonly note: string | null;
  readonly phone: string | null;
  readonly created_by: string | null;
  readonly created_at: string | null;
  readonly starts_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly campaign_revoked: boolean;
  readonly batch: string | null;
}

/** The answer `Invitation` of `schema.ts`. */
export interface ShownInvitation extends InvitationMembers {
  readonly version: string;
}

/** Settings for showing invitations. */
interface Showing {
  /** The base of links. Undefined: no links. */
  readonly publicUrl: string | undefined;
  readonly phoneRegion: CountryCode;
}

/** @returns whether an operator may see the phone number of an invitation in full. */
export function seesPhones({ operator }: { readonly operator: { readonly role: string } | null }): boolean {
  return operator?.role === 'issuer' || operator?.role === 'admin';
}

/** A user who signed up with an invitation, as operators see them. */
export interface ShownPerson {
  readonly user_id: number;
  readonly name: string;
  readonly created_at: string | null;
}

export function showPeople(people: readonly PersonInvited[] = []): ShownPerson[] {
  return people.map(({ user_id, name, created_at }) => ({ user_id, name, created_at: shownMoment(created_at) }));
}

/** @param inFull see `seesPhones`. */
export function showInvitation(row: InvitationRow, showing: Showing, inFull: boolean): ShownInvitation {
  return withVersion(membersOf(row, showing, inFull));
}

/** @param inFull false: the phone number is masked. */
export function membersOf(row: InvitationRow, { publicUrl, phoneRegion }: Showing, inFull: boolean): InvitationMembers {
  const {
    id,
    code,
    status,
    max_uses: total,
    used,
    held,
    held_without_step,
    campaign,
    note,
    phone,
    created_by,
    campaign_revoked,
    batch,
  } = row;
  const free = status === 'usable' ? Math.max(0, total - used - held) : 0;
  return {
    id,
    code,
    link: linkOf(code, publicUrl),
    status,
    seats: { total, used, held, held_without_step, free },
    campaign,
    note,
    phone: phone === null || inFull ? phone : maskPhone(phone, phoneRegion),
    created_by,
    created_at: shownMoment(row.created_at),
    starts_at: shownMoment(row.starts_at),
    expires_at: shownMoment(row.expires_at),
    revoked_at: shownMoment(row.revoked_at),
    campaign_revoked,
    batch,
  };
}

/**
 * Adds the version: a digest of what an operator can change, so equal versions mean that no operator changed it in between; sign-ups do not
 * count. It is computed only from what is shown: a digest that included the hidden digits of a phone number could be brute-forced.
 * A role that sees masked numbers therefore gets a different version, but it cannot change an invitation anyway.
 */
export function withVersion(members: InvitationMembers): ShownInvitation {
  const { seats, starts_at, expires_at, revoked_at, campaign, note, phone } = members;
  const changeable = JSON.stringify([seats.total, starts_at, expires_at, revoked_at, campaign, note, phone]);
  return { ...members, version: createHash('sha256').update(changeable).digest('hex').slice(0, 32) };
}

/**
 * The link that opens the form with the code filled in. The code is in the fragment (`#`), which browsers do not send: it reaches no server,
 * no log and no Referer.
 */
export function linkOf(code: string, publicUrl: string | undefined): string | null {
  return publicUrl === undefined ? null : `${publicUrl}/join#${encodeURIComponent(code)}`;
}
