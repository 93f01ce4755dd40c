import type { CountryCode } from 'libphonenumber-js';
import { acceptPhone } from '../rules/phone.ts';
import { type Accepted, accepted } from '../rules/result.ts';
import { acceptCampaign, acceptNote } from './campaign-and-note.ts';
import { acceptLifeSpan, type WantedLifeSpan, type WrittenLifeSpan } from './resolve-validity.ts';

/** What an operator sends about one invitation or many alike; null means the same as missing. */
export interface WrittenInvitation extends WrittenLifeSpan {
  /** 1 to 1,000,000, checked by the schema. */
  readonly max_uses?: number | null | undefined;
  readonly campaign?: string | null | undefined;
  readonly note?: string | null | undefined;
  readonly phone?: string | null | undefined;
}

/** The same as stored, except for the life span, which needs the database's clock. */
export interface WantedInvitation {
  readonly maxUses: number;
  readonly campaign: string | null;
  readonly note: string | null;
  /** E.164. */
  readonly phone: string | null;
  readonly lifeSpan: WantedLifeSpan;
}

/** How numbers and times without a country code or an offset are read. */
export interface Locality {
  readonly phoneRegion: CountryCode;
  /** An IANA name. */
  readonly timeZone: string;
}

/**
 * @returns every broken rule, if there are any.
 */
export function acceptWantedInvitation(written: WrittenInvitation, { phoneRegion, timeZone }: Locality): Accepted<WantedInvitation> {
  const lifeSpan = acceptLifeSpan(written, timeZone);
  const campaign = written.campaign == null ? accepted(null) : acceptCampaign(written.campaign);
  const note = written.note == null ? accepted(null) : acceptNote(written.note);
  const phone = written.phone == null ? accepted(null) : acceptPhone(written.phone, { region: phoneRegion });
  if (lifeSpan.ok && campaign.ok && note.ok && phone.ok) {
    const stored = { campaign: campaign.value, note: note.value, phone: phone.value?.e164 ?? null };
    return accepted({ maxUses: written.max_uses ?? 1, ...stored, lifeSpan: lifeSpan.value });
  }
  return { ok: false, errors: [lifeSpan, campaign, note, phone].flatMap((each) => (each.ok ? [] : each.errors)) };
}
