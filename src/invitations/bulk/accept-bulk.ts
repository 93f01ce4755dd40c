import { type Accepted, accepted } from '../../accepted.ts';
import { acceptPrefix } from '../code.ts';
import { acceptCampaign, acceptNote } from '../labels.ts';
import { acceptLifeSpan, type WrittenLifeSpan } from '../settle-life-span.ts';
import type { WantedBulk } from './create-in-bulk.ts';

/** The body as its schema gives it. */
export interface WrittenBulk extends WrittenLifeSpan {
  readonly count: number;
  readonly prefix?: string | undefined;
  readonly length?: number | undefined;
  readonly max_uses: number;
  readonly campaign?: string | undefined;
  readonly note?: string | undefined;
}

/** Judges each text, and tells what is wrong with all of them at once. */
export function acceptBulk(written: WrittenBulk): Accepted<WantedBulk> {
  const prefix = optional(written.prefix, acceptPrefix);
  const campaign = optional(written.campaign, acceptCampaign);
  const note = optional(written.note, acceptNote);
  const lifeSpan = acceptLifeSpan(written);
  if (!prefix.ok || !campaign.ok || !note.ok || !lifeSpan.ok) {
    return { ok: false, errors: [prefix, campaign, note, lifeSpan].flatMap((each) => (each.ok ? [] : each.errors)) };
  }
  return accepted({
    count: written.count,
    form: { prefix: prefix.value ?? undefined, length: written.length },
    maxUses: written.max_uses,
    lifeSpan: lifeSpan.value,
    campaign: campaign.value,
    note: note.value,
  });
}

function optional(text: string | undefined, accept: (text: string) => Accepted<string>): Accepted<string | null> {
  return text === undefined ? accepted(null) : accept(text);
}
