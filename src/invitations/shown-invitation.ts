import type { CountryCode } from 'libphonenumber-js';
import { maskPhone } from '../phone.ts';
import { shownMoment } from '../shown-moment.ts';
import type { InvitationState } from './availability.ts';
import type { PersonInvited } from './dependencies.ts';
import type { InvitationRow } from './invitation-row.ts';

/** The answer `Invitation` of `schema.ts`. */
export interface ShownInvitation {
  readonly id: number;
  readonly code: string;
  readonly link: string | null;
  readonly status: InvitationState;
  readonly seats: { readonly total: number; readonly used: number; readonly held: number; readonly free: number };
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
  readonly version: string;
}

/** Somebody who came in by an invitation, as operators see them. */
export interface ShownPerson {
  readonly user_id: number;
  readonly name: string;
  readonly created_at: string | null;
}

export function showPeople(people: readonly PersonInvited[] = []): ShownPerson[] {
  return people.map(({ user_id, name, created_at }) => ({ user_id, name, created_at: shownMoment(created_at) }));
}

/** @param publicUrl where links begin; undefined: no links. */
export function showInvitation(row: InvitationRow, publicUrl: string | undefined): ShownInvitation {
  const { id, code, status, max_uses: total, used, held, campaign, note, phone, created_by, campaign_revoked, batch, version } = row;
  const free = status === 'usable' ? Math.max(0, total - used - held) : 0;
  return {
    id,
    code,
    link: linkOf(code, publicUrl),
    status,
    seats: { total, used, held, free },
    campaign,
    note,
    phone,
    created_by,
    created_at: shownMoment(row.created_at),
    starts_at: shownMoment(row.starts_at),
    expires_at: shownMoment(row.expires_at),
    revoked_at: shownMoment(row.revoked_at),
    campaign_revoked,
    batch,
    version,
  };
}

/** For viewers, who see no phone number in full. @param region of the settings. */
export function maskInvitation(invitation: ShownInvitation, region: CountryCode): ShownInvitation {
  return invitation.phone === null ? invitation : { ...invitation, phone: maskPhone(invitation.phone, region) };
}

/**
 * The link that brings a code into the form. It stands behind `#`, so that browsers keep it to themselves: no server, no log and no Referer
 * ever has it.
 */
export function linkOf(code: string, publicUrl: string | undefined): string | null {
  return publicUrl === undefined ? null : `${publicUrl}/join#${encodeURIComponent(code)}`;
}
