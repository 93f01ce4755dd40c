import type { Actor } from '../../audit.ts';
import type { Queryable } from '../../database/database.ts';
import { startDeadline } from '../../deadline.ts';
import { type FieldError, fieldRules, Problem, validationFailed } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { type Accepted, accepted } from '../../rules/result.ts';
import { acceptDuration, lifeSpanRules } from '../../rules/validity.ts';
import { bulkLimit } from '../../time-limits.ts';
import { acceptCampaign } from '../campaign-and-note.ts';
import { refuseUsableCollisions } from '../code-collisions.ts';
import type { InvitationServices } from '../dependencies.ts';
import { invitationProblems } from '../problems.ts';
import { acceptLifeSpan, invitationLifeRules, type WrittenLifeSpan } from '../resolve-validity.ts';
import { databaseNow } from '../store.ts';
import { type ManyChange, type ManyWanted, storeBatchRevocation, storeManyChanges } from './many-store.ts';

export const manyRules = fieldRules({
  which_invitations: {
    ko: 'campaign과 batch 중 하나만 보내세요.',
    en: 'Name the invitations: send either campaign or batch.',
  },
  nothing_to_change: {
    ko: '무엇을 바꿀지 적으세요.',
    en: 'Say what to change.',
  },
  end_twice: {
    ko: 'extend, expires_at, valid_for 중 하나만 보내세요.',
    en: 'Send one of extend, expires_at and valid_for.',
  },
});

/** What an operator sent; a missing member stays as it is, null clears it. */
export interface WrittenManyChange extends WrittenLifeSpan {
  readonly campaign?: string | undefined;
  readonly batch?: string | undefined;
  readonly max_uses?: number | undefined;
  /** Such as `7d`, or `-7d`, which undoes it. */
  readonly extend?: string | undefined;
  readonly dry_run?: boolean | undefined;
}

export interface ManyAnswer {
  readonly dry_run: boolean;
  readonly found: number;
  readonly changed: number;
}

const dryRunOver = new Error('a dry run is rolled back');

/**
 * Changes every invitation of a campaign or a batch, all or none, in one transaction with one audit entry.
 * @throws Problem `validation_failed`, `campaign_unknown`, `batch_unknown`, `seats_in_use`, `invitation_code_alike`.
 */
export async function changeInvitations(services: InvitationServices, actor: Actor, written: WrittenManyChange): Promise<ManyAnswer> {
  const { database, audit, timeZone } = services;
  const judged = acceptManyChange(written, timeZone);
  if (!judged.ok) throw validationFailed(judged.errors);
  const { wanted, change } = judged.value;
  const dry_run = written.dry_run === true;
  let answer: ManyAnswer | undefined;
  const work = async (transaction: Queryable): Promise<ManyAnswer> => {
    const settled = change(await databaseNow(transaction));
    const { found, changed, most_used, backwards, reopened } = await storeManyChanges(transaction, wanted, settled);
    if (found === 0) throw unknownOf(wanted);
    if (settled.maxUses !== undefined && most_used > settled.maxUses) {
      throw new Problem(invitationProblems.seats_in_use, { values: { used: most_used }, members: { used: most_used } });
    }
    if (backwards) throw validationFailed([{ field: endOf(written), rule: invitationLifeRules.expiry_before_start }]);
    await refuseUsableCollisions(transaction, reopened);
    answer = { dry_run, found, changed };
    if (dry_run) throw dryRunOver;
    const { extend, max_uses } = written;
    const moments = { starts_at: shown(settled.startsAt), expires_at: shown(settled.expiresAt) };
    const after = { campaign: wanted.campaign, batch: wanted.batch, found, changed, extend, max_uses, ...moments };
    if (changed > 0) await audit(transaction, actor, { action: 'invitation.update_many', subject: 'invitation', after });
    return answer;
  };
  return rolledBack(
    () => database.transaction(work, startDeadline(bulkLimit)),
    () => answer,
  );
}

/**
 * Revokes or restores every invitation of a batch in one transaction with one audit entry. Repeating it changes nothing.
 * @throws Problem `batch_unknown`; `invitation_code_alike` where a restored one could not be told from another.
 */
export async function revokeBatch(services: InvitationServices, actor: Actor, batch: string, revoked: boolean): Promise<ManyAnswer> {
  const { database, audit } = services;
  return database.transaction(async (transaction) => {
    const { found, changed, reopened } = await storeBatchRevocation(transaction, batch, revoked);
    if (found === 0) throw unknownOf({ campaign: null, batch });
    if (!revoked) await refuseUsableCollisions(transaction, reopened);
    const entry = { subject: 'invitation', after: { batch, found, changed } } as const;
    if (changed > 0 && revoked) await audit(transaction, actor, { action: 'invitation.revoke_batch', ...entry });
    if (changed > 0 && !revoked) await audit(transaction, actor, { action: 'invitation.restore_batch', ...entry });
    return { dry_run: false, found, changed };
  }, startDeadline(bulkLimit));
}

function unknownOf({ campaign }: ManyWanted): Problem {
  return new Problem(campaign === null ? invitationProblems.batch_unknown : invitationProblems.campaign_unknown);
}

async function rolledBack(work: () => Promise<ManyAnswer>, answer: () => ManyAnswer | undefined): Promise<ManyAnswer> {
  try {
    return await work();
  } catch (error) {
    const found = answer();
    if (error === dryRunOver && found) return found;
    throw error;
  }
}

interface AcceptedMany {
  readonly wanted: ManyWanted;
  /** By the database's clock. */
  readonly change: (now: Date) => ManyChange;
}

function acceptManyChange(written: WrittenManyChange, timeZone: string): Accepted<AcceptedMany> {
  const { campaign, batch, max_uses, extend, starts_at, expires_at, valid_for } = written;
  const errors: FieldError[] = [];
  if ((campaign === undefined) === (batch === undefined)) errors.push({ field: 'campaign', rule: manyRules.which_invitations });
  if ([max_uses, extend, starts_at, expires_at, valid_for].every((value) => value === undefined)) {
    errors.push({ field: '', rule: manyRules.nothing_to_change });
  }
  if (extend !== undefined && (expires_at !== undefined || valid_for != null)) errors.push({ field: 'extend', rule: manyRules.end_twice });
  const name = campaign === undefined ? accepted(null) : acceptCampaign(campaign);
  const lifeSpan = acceptLifeSpan(written, timeZone);
  const shift = extend === undefined ? accepted(undefined) : acceptShift(extend);
  if (!name.ok || !lifeSpan.ok || !shift.ok || errors.length > 0) {
    return { ok: false, errors: [...errors, ...[name, lifeSpan, shift].flatMap((each) => (each.ok ? [] : each.errors))] };
  }
  const { startsAt, expiresAt, validForSeconds } = lifeSpan.value;
  const change = (now: Date): ManyChange => {
    const begins = startsAt !== null && startsAt > now ? startsAt : now;
    const end = validForSeconds === null ? expiresAt : new Date(begins.getTime() + validForSeconds * 1000);
    if (end !== null && end <= now) throw validationFailed([{ field: 'expires_at', rule: lifeSpanRules.moment_past }]);
    return {
      maxUses: max_uses,
      startsAt: starts_at === undefined ? undefined : startsAt,
      expiresAt: expires_at === undefined && validForSeconds === null ? undefined : end,
      extendSeconds: shift.value,
    };
  };
  return accepted({ wanted: { campaign: name.value, batch: batch ?? null }, change });
}

function acceptShift(extend: string): Accepted<number> {
  const isBack = extend.startsWith('-') || extend.startsWith('\u2212');
  const duration = acceptDuration('extend', isBack ? extend.slice(1) : extend);
  return duration.ok ? accepted(isBack ? -duration.value : duration.value) : duration;
}

function endOf({ extend, valid_for }: WrittenManyChange): string {
  return extend !== undefined ? 'extend' : valid_for != null ? 'valid_for' : 'expires_at';
}

/** undefined: unchanged, and not in the entry. */
function shown(moment: Date | null | undefined): string | null | undefined {
  return moment === undefined ? undefined : shownMoment(moment);
}
