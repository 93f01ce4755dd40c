import type { Queryable } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import type { RepeatableRequest } from '../idempotency.ts';
import { Problem, validationFailed } from '../problems.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { creationLimit } from '../time-limits.ts';
import { acceptCustomCode, acceptPrefix, codeRules } from './code.ts';
import { refuseCollision } from './code-collisions.ts';
import { type CodeForm, generateCodes } from './code-generator.ts';
import type { InvitationServices } from './dependencies.ts';
import { nameCampaigns } from './ensure-campaigns.ts';
import { acceptWantedInvitation, type Locality, type WantedInvitation, type WrittenInvitation } from './invitation-input.ts';
import type { InvitationRow } from './invitation-row.ts';
import { type InvitationMembers, membersOf, type ShownInvitation, withVersion } from './invitation-view.ts';
import { invitationProblems } from './problems.ts';
import { settleLifeSpan } from './resolve-validity.ts';
import { databaseNow, insertInvitations, type NewInvitations } from './store.ts';

/** What an operator asks for: one invitation with a custom code, or up to a thousand with generated codes. */
export interface WrittenCreation extends WrittenInvitation {
  readonly code?: string | null | undefined;
  readonly count?: number | null | undefined;
  readonly prefix?: string | null | undefined;
  readonly length?: number | null | undefined;
}

interface WantedCreation extends WantedInvitation {
  /** Undefined: generated codes. */
  readonly code: string | undefined;
  readonly count: number;
  readonly form: CodeForm;
}

/**
 * Creates invitations, all or none, exactly once per `Idempotency-Key`.
 * @returns them in the order of their ids.
 * @throws Problem `validation_failed`, `invitation_code_taken`, `invitation_code_alike`, `campaign_revoked`, `idempotency_key_invalid`, `idempotency_key_reused`.
 */
export async function createInvitations(
  services: InvitationServices,
  request: RepeatableRequest,
  written: WrittenCreation,
): Promise<readonly ShownInvitation[]> {
  const wanted = acceptCreation(written, services);
  if (!wanted.ok) throw validationFailed(wanted.errors);
  const { answer } = await services.database.transaction(
    (transaction) => services.once(transaction, request, () => create(services, transaction, request, wanted.value)),
    startDeadline(creationLimit),
  );
  // Not stored with the answer: a deleted user's phone number is removed from it, and a digest would remain.
  return answer.map(withVersion);
}

function acceptCreation(written: WrittenCreation, locality: Locality): Accepted<WantedCreation> {
  const invitation = acceptWantedInvitation(written, locality);
  const alone = written.code == null || ((written.count ?? 1) === 1 && written.prefix == null && written.length == null);
  const code = written.code == null ? accepted(undefined) : alone ? acceptCustomCode(written.code) : refused(aloneError);
  const prefix = written.prefix == null ? accepted(undefined) : acceptPrefix(written.prefix);
  if (invitation.ok && code.ok && prefix.ok) {
    const form = { prefix: prefix.value, length: written.length ?? undefined };
    return accepted({ ...invitation.value, code: code.value, count: written.count ?? 1, form });
  }
  return { ok: false, errors: [code, prefix, invitation].flatMap((each) => (each.ok ? [] : each.errors)) };
}

const aloneError = { field: 'code', rule: codeRules.code_alone };

async function create(
  services: InvitationServices,
  transaction: Queryable,
  { actor }: RepeatableRequest,
  wanted: WantedCreation,
): Promise<readonly InvitationMembers[]> {
  const { maxUses, campaign, note, phone } = wanted;
  const lifeSpan = settleLifeSpan(await databaseNow(transaction), wanted.lifeSpan);
  if (!lifeSpan.ok) throw validationFailed(lifeSpan.errors);
  if (campaign !== null) await nameCampaigns(transaction, [campaign]);
  const alike = { maxUses, ...lifeSpan.value, campaign, note, phone, createdBy: actor.label };
  const rows = await insertAll(transaction, wanted, alike);
  await services.audit(transaction, actor, {
    action: 'invitation.create',
    subject: 'invitation',
    ...(rows.length === 1 && { subjectId: rows[0]?.id ?? 0 }),
    after: {
      count: rows.length,
      custom_code: wanted.code !== undefined,
      max_uses: maxUses,
      campaign,
      starts_at: shownMoment(lifeSpan.value.startsAt),
      expires_at: shownMoment(lifeSpan.value.expiresAt),
      note: note === null ? null : 'set',
      phone: phone === null ? null : 'set',
    },
  });
  return rows.map((row) => membersOf(row, services, true));
}

/** A generated code that already exists is replaced. With 60 random bits and a billion invitations the chance is one in a billion. */
async function insertAll(transaction: Queryable, wanted: WantedCreation, alike: NewInvitations): Promise<readonly InvitationRow[]> {
  if (wanted.code !== undefined) {
    const rows = await insertInvitations(transaction, [wanted.code], alike);
    const [row] = rows;
    if (!row) throw new Problem(invitationProblems.invitation_code_taken);
    await refuseCollision(transaction, row.id);
    return rows;
  }
  const rows: InvitationRow[] = [];
  for (let round = 0; round < 5 && rows.length < wanted.count; round += 1) {
    rows.push(...(await insertInvitations(transaction, generateCodes(wanted.count - rows.length, wanted.form), alike)));
  }
  if (rows.length < wanted.count) throw new Error('generated codes already existed, five times in a row');
  return rows;
}
