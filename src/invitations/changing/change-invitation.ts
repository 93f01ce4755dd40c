import type { Actor } from '../../audit.ts';
import type { Deadline } from '../../deadline.ts';
import { Problem, validationFailed } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { acceptPhone } from '../../rules/phone.ts';
import { type Accepted, accepted } from '../../rules/result.ts';
import { acceptCampaign, acceptNote } from '../campaign-and-note.ts';
import { refuseUsableCollision } from '../code-collisions.ts';
import type { InvitationServices } from '../dependencies.ts';
import { nameCampaigns } from '../ensure-campaigns.ts';
import type { Locality } from '../invitation-input.ts';
import { type InvitationRow, isOpen } from '../invitation-row.ts';
import { showInvitation } from '../invitation-view.ts';
import { invitationProblems } from '../problems.ts';
import { acceptLifeSpan, settleLifeSpan, type WantedLifeSpan, type WrittenLifeSpan } from '../resolve-validity.ts';
import { databaseNow } from '../store.ts';
import { recordRead } from './read-invitation.ts';
import { type InvitationChange, lockInvitation, storeChange } from './store.ts';

/** What an operator sent. A missing member stays as it is; null clears it. */
export interface WrittenChange extends WrittenLifeSpan {
  readonly max_uses?: number | undefined;
  readonly campaign?: string | null | undefined;
  readonly note?: string | null | undefined;
  readonly phone?: string | null | undefined;
}

interface WantedChange extends Omit<InvitationChange, 'startsAt' | 'expiresAt'> {
  readonly written: WrittenChange;
  readonly lifeSpan: WantedLifeSpan;
}

/**
 * Changes an invitation, unless another operator changed it since it was read. Sign-ups in between do not count as changes.
 * @param ifMatch the header (RFC 9110, 13.1.1): the `version` in quotes, as a proxy may have changed it, or `*` for any version.
 * @throws Problem `validation_failed`, `version_required`, `invitation_unknown`, `invitation_changed`, `seats_in_use`, `campaign_revoked`;
 *   `invitation_code_alike` if the change makes it usable beside another invitation with a look-alike code.
 */
export async function changeInvitation(
  services: InvitationServices,
  actor: Actor,
  id: number,
  ifMatch: string | undefined,
  written: WrittenChange,
  deadline: Deadline,
): Promise<InvitationRow> {
  const { database, audit } = services;
  const versionOf = (row: InvitationRow) => showInvitation(row, services, true).version;
  const wanted = acceptChange(written, services);
  if (!wanted.ok) throw validationFailed(wanted.errors);
  if (ifMatch === undefined) throw new Problem(invitationProblems.version_required);
  return database.transaction(async (transaction) => {
    const before = await lockInvitation(transaction, id);
    if (!before) throw new Problem(invitationProblems.invitation_unknown);
    if (!matches(ifMatch, versionOf(before))) throw new Problem(invitationProblems.invitation_changed);
    const { maxUses, campaign } = wanted.value;
    if (maxUses !== undefined && maxUses < before.used) {
      throw new Problem(invitationProblems.seats_in_use, { values: { used: before.used }, members: { used: before.used } });
    }
    const lifeSpan = changedLifeSpan(wanted.value, before, await databaseNow(transaction));
    if (campaign != null && campaign !== before.campaign) await nameCampaigns(transaction, [campaign]);
    const after = await storeChange(transaction, id, { ...wanted.value, ...lifeSpan });
    if (versionOf(after) === versionOf(before)) {
      await recordRead(services, transaction, actor, after);
      return after;
    }
    if (isOpen(after) && !isOpen(before)) await refuseUsableCollision(transaction, id);
    await audit(transaction, actor, { action: 'invitation.update', subject: 'invitation', subjectId: id, ...differences(before, after) });
    return after;
  }, deadline);
}

function acceptChange(written: WrittenChange, { phoneRegion, timeZone }: Locality): Accepted<WantedChange> {
  const lifeSpan = acceptLifeSpan(written, timeZone);
  const campaign = written.campaign == null ? accepted(written.campaign) : acceptCampaign(written.campaign);
  const note = written.note == null ? accepted(written.note) : acceptNote(written.note);
  const phone = written.phone == null ? accepted(written.phone) : acceptPhone(written.phone, { region: phoneRegion });
  if (lifeSpan.ok && campaign.ok && note.ok && phone.ok) {
    const e164 = phone.value == null ? phone.value : phone.value.e164;
    const stored = { maxUses: written.max_uses, campaign: campaign.value, note: note.value, phone: e164 };
    return accepted({ written, lifeSpan: lifeSpan.value, ...stored });
  }
  return { ok: false, errors: [lifeSpan, campaign, note, phone].flatMap((each) => (each.ok ? [] : each.errors)) };
}

/** `*`, or entity tags with commas between them (RFC 9110, 13.1.1). */
const ifMatchShape = /^\s*(?:\*|(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*)\s*$/;

/** @returns whether a field has the form of `If-Match`. */
export function isIfMatch(text: string): boolean {
  return text.length <= 1_000 && ifMatchShape.test(text);
}

/**
 * The version is the row's, not that of some bytes: a proxy that compresses answers makes the tag weak (`W/"…"`) or adds a suffix (`"…-gzip"`,
 * `"…;br"`), and both mean the same row.
 */
function matches(ifMatch: string, version: string): boolean {
  if (ifMatch.trim() === '*') return true;
  const tags = [...ifMatch.matchAll(/"([^"]*)"/g)].map(([, tag = '']) => tag);
  return tags.some((tag) => tag.replace(/(?:--?|;|\+)(?:gzip|br|deflate|zstd|df)$/i, '') === version);
}

/** A duration counts from the start if that is in the future, else from now: an operator who writes `7d` means a week more. */
function changedLifeSpan(
  { written, lifeSpan: { startsAt, expiresAt, validForSeconds } }: WantedChange,
  before: InvitationRow,
  now: Date,
): Pick<InvitationChange, 'startsAt' | 'expiresAt'> {
  const changesStart = written.starts_at !== undefined;
  const changesEnd = written.expires_at !== undefined || validForSeconds !== null;
  if (!changesStart && !changesEnd) return { startsAt: undefined, expiresAt: undefined };
  const start = changesStart ? startsAt : before.starts_at;
  const begins = start !== null && start > now ? start : now;
  const end = validForSeconds === null ? expiresAt : new Date(begins.getTime() + validForSeconds * 1000);
  const wanted = { startsAt: start, expiresAt: changesEnd ? end : before.expires_at, validForSeconds: null };
  const settled = settleLifeSpan(now, wanted, { pastAllowed: !changesEnd });
  if (!settled.ok) throw validationFailed(settled.errors);
  return { startsAt: changesStart ? start : undefined, expiresAt: changesEnd ? end : undefined };
}

/** For the audit log: only whether there is a note or phone number. */
function differences(before: InvitationRow, after: InvitationRow): { before: Record<string, unknown>; after: Record<string, unknown> } {
  const shown = (row: InvitationRow): Record<string, unknown> => ({
    max_uses: row.max_uses,
    starts_at: shownMoment(row.starts_at),
    expires_at: shownMoment(row.expires_at),
    campaign: row.campaign,
  });
  const [was, is] = [shown(before), shown(after)];
  const changed = Object.keys(was).filter((name) => was[name] !== is[name]);
  const hidden = (['note', 'phone'] as const).filter((name) => before[name] !== after[name]);
  const entry = (values: Record<string, unknown>, row: InvitationRow) => ({
    ...Object.fromEntries(changed.map((name) => [name, values[name]])),
    ...Object.fromEntries(hidden.map((name) => [name, row[name] === null ? null : 'set'])),
  });
  return { before: entry(was, before), after: entry(is, after) };
}
