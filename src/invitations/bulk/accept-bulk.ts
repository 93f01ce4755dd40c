import { type Accepted, accepted } from '../../rules/result.ts';
import { acceptPrefix } from '../code.ts';
import { acceptWantedInvitation, type Locality, type WrittenInvitation } from '../invitation-input.ts';
import type { WantedBulk } from './create-in-bulk.ts';

/** The body as its schema gives it. */
export interface WrittenBulk extends Omit<WrittenInvitation, 'phone'> {
  readonly count: number;
  readonly prefix?: string | null | undefined;
  readonly length?: number | null | undefined;
}

/** Validates each text and reports all errors at once. */
export function acceptBulk(written: WrittenBulk, locality: Locality): Accepted<WantedBulk> {
  const prefix = written.prefix == null ? accepted(undefined) : acceptPrefix(written.prefix);
  const alike = acceptWantedInvitation({ ...written, phone: null }, locality);
  if (!prefix.ok || !alike.ok) return { ok: false, errors: [prefix, alike].flatMap((each) => (each.ok ? [] : each.errors)) };
  const { maxUses, campaign, note, lifeSpan } = alike.value;
  return accepted({
    count: written.count,
    form: { prefix: prefix.value, length: written.length ?? undefined },
    maxUses,
    lifeSpan,
    campaign,
    note,
  });
}
