import type { Actor } from '../../audit.ts';
import type { Queryable } from '../../database/database.ts';
import { type Deadline, startDeadline } from '../../deadline.ts';
import { Problem } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { stopLimit } from '../../time-limits.ts';
import { refuseUsableCollision } from '../code-collisions.ts';
import type { InvitationServices } from '../dependencies.ts';
import { type InvitationRow, isOpen } from '../invitation-row.ts';
import { invitationProblems } from '../problems.ts';
import { recordRead } from './read-invitation.ts';
import { lockInvitation, storeRevocation } from './store.ts';

/**
 * Revokes an invitation: after this returns no sign-up with it can complete, whenever it began. Repeating it changes nothing.
 * @throws Problem `invitation_unknown`.
 */
export async function revokeInvitation(services: InvitationServices, actor: Actor, id: number): Promise<InvitationRow> {
  const { database, audit } = services;
  return database.transaction(async (transaction) => {
    const before = await lockInvitation(transaction, id);
    if (!before) throw new Problem(invitationProblems.invitation_unknown);
    if (before.revoked_at !== null) return unchanged(services, transaction, actor, before);
    const after = await storeRevocation(transaction, id, true);
    await audit(transaction, actor, {
      action: 'invitation.revoke',
      subject: 'invitation',
      subjectId: id,
      before: { revoked_at: null },
      after: { revoked_at: shownMoment(after.revoked_at) },
    });
    return after;
  }, startDeadline(stopLimit));
}

/**
 * Makes a revoked invitation work again. Repeating it changes nothing.
 * @throws Problem `invitation_unknown`; `campaign_revoked` if its campaign is still revoked;
 *   `invitation_code_alike` if another usable invitation has a look-alike code.
 */
export async function restoreInvitation(
  services: InvitationServices,
  actor: Actor,
  id: number,
  deadline: Deadline,
): Promise<InvitationRow> {
  const { database, audit } = services;
  return database.transaction(async (transaction) => {
    const before = await lockInvitation(transaction, id);
    if (!before) throw new Problem(invitationProblems.invitation_unknown);
    if (before.campaign_revoked) throw new Problem(invitationProblems.campaign_revoked, { members: { campaign: before.campaign } });
    if (before.revoked_at === null) return unchanged(services, transaction, actor, before);
    const after = await storeRevocation(transaction, id, false);
    if (isOpen(after)) await refuseUsableCollision(transaction, id);
    await audit(transaction, actor, {
      action: 'invitation.restore',
      subject: 'invitation',
      subjectId: id,
      before: { revoked_at: shownMoment(before.revoked_at) },
      after: { revoked_at: null },
    });
    return after;
  }, deadline);
}

async function unchanged(services: InvitationServices, transaction: Queryable, actor: Actor, row: InvitationRow): Promise<InvitationRow> {
  await recordRead(services, transaction, actor, row);
  return row;
}
