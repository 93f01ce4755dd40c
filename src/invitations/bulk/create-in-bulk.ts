import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, Queryable } from '../../database/database.ts';
import { startDeadline } from '../../deadline.ts';
import type { Once, RepeatableRequest } from '../../idempotency.ts';
import { busyProblems, longWorkWait } from '../../overload/long-work.ts';
import type { Semaphore } from '../../overload/semaphore.ts';
import { Problem, validationFailed } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { bulkLimit } from '../../time-limits.ts';
import { type CodeForm, generateCodes } from '../code-generator.ts';
import type { InvitationServices } from '../dependencies.ts';
import { nameCampaigns } from '../ensure-campaigns.ts';
import { invitationProblems } from '../problems.ts';
import { settleLifeSpan, type WantedLifeSpan } from '../resolve-validity.ts';
import { databaseNow } from '../store.ts';
import { bulkProblems } from './problems.ts';
import { type CommonSettings, insertCodes, refreshStatistics, revokedCampaigns } from './store.ts';

export interface BulkServices extends InvitationServices {
  /** One slot: each run holds a connection for a minute or so, and the embedded database has only one. */
  readonly turn: Semaphore;
}

/** What the operator asked for, validated. */
export interface WantedBulk {
  readonly count: number;
  readonly form: CodeForm;
  readonly maxUses: number;
  readonly lifeSpan: WantedLifeSpan;
  readonly campaign: string | null;
  readonly note: string | null;
}

export interface BulkMade {
  readonly batch: string;
  readonly count: number;
}

export interface BulkWatch {
  /** Reports how many rows are inserted so far; none is visible before the commit. */
  inserted(count: number): void;
  /** Aborts the work and rolls everything back. */
  readonly signal: AbortSignal;
}

/** Codes per statement. The embedded database runs on this thread, so every request waits for the statement. */
const codesAtOnce: Readonly<Record<Database['kind'], number>> = { embedded: 1_000, postgresql: 5_000 };

/**
 * Creates many invitations, all or none, in one transaction. Its locks are few and short: the campaign is checked first and locked only at
 * the end, so revoking it is not blocked meanwhile.
 * @throws Problem `bulk_under_way`, `operators_busy`, `campaign_revoked`, `validation_failed`, `idempotency_key_reused`, `idempotency_key_invalid`; the signal's reason.
 */
export async function createInBulk(
  { database, audit, longWork, once, turn }: BulkServices,
  request: RepeatableRequest,
  wanted: WantedBulk,
  watch: BulkWatch,
): Promise<Once<BulkMade>> {
  const { signal } = watch;
  using _turn = await turn.take({ milliseconds: 0, busy: bulkProblems.bulk_under_way, signal });
  using _place = await longWork.take(longWorkWait(signal, busyProblems.operators_busy));
  const { actor } = request;
  const { campaign, note, maxUses, count } = wanted;
  const all = (transaction: Queryable) => async (): Promise<BulkMade> => {
    const lifeSpan = settleLifeSpan(await databaseNow(transaction), wanted.lifeSpan);
    if (!lifeSpan.ok) throw validationFailed(lifeSpan.errors);
    const settings = { ...lifeSpan.value, maxUses, campaign, note, createdBy: actor.label, batch: randomUUID() };
    if (campaign !== null && (await revokedCampaigns(transaction, [campaign])).size > 0) {
      throw new Problem(invitationProblems.campaign_revoked, { members: { campaign } });
    }
    await insertAll(transaction, wanted, settings, watch, codesAtOnce[database.kind]);
    if (campaign !== null) await nameCampaigns(transaction, [campaign]);
    await audit(transaction, actor, { action: 'invitation.bulk', subject: 'invitation', after: recorded(count, settings) });
    return { batch: settings.batch, count };
  };
  const deadline = startDeadline(bulkLimit, signal);
  const made = await database.transaction((transaction) => once(transaction, request, all(transaction)), deadline);
  if (!made.repeated) await refreshStatistics(database, count);
  return made;
}

/** Codes that already exist are replaced by new ones. */
async function insertAll(
  transaction: Queryable,
  { count, form }: WantedBulk,
  settings: CommonSettings,
  { inserted, signal }: BulkWatch,
  atOnce: number,
): Promise<void> {
  for (let created = 0; created < count; inserted(created)) {
    signal.throwIfAborted();
    const made = await insertCodes(transaction, generateCodes(Math.min(atOnce, count - created), form), settings);
    if (made === 0) throw new Error('every generated code already exists');
    created += made;
    // The embedded database does not yield the thread by itself.
    await nextTurn();
  }
}

/** For the audit log, without the text of notes. */
function recorded(count: number, { batch, maxUses, startsAt, expiresAt, campaign, note }: CommonSettings): Record<string, unknown> {
  return {
    batch,
    count,
    max_uses: maxUses,
    campaign,
    starts_at: shownMoment(startsAt),
    expires_at: shownMoment(expiresAt),
    note: note === null ? null : 'set',
  };
}
