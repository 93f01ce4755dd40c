import type { Actor } from '../../audit.ts';
import { type Deadline, startDeadline } from '../../deadline.ts';
import { longWorkWait } from '../../overload/long-work.ts';
import { Problem } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { exactCountLimit, stopLimit } from '../../time-limits.ts';
import { refuseCampaignCollision } from '../code-collisions.ts';
import type { InvitationServices } from '../dependencies.ts';
import { invitationProblems } from '../problems.ts';
import { adoptCampaign, type CampaignSeen, readCampaign, storeCampaignRestoration, storeCampaignRevocation } from './store.ts';

/**
 * Stops every invitation of a campaign with one row: after this returns no sign-up with any of them can complete. Repeating it changes nothing.
 * @throws Problem `campaign_unknown`.
 */
export async function revokeCampaign({ database, audit }: InvitationServices, actor: Actor, name: string): Promise<CampaignSeen> {
  return database.transaction(async (transaction) => {
    await adoptCampaign(transaction, name);
    const revoked = await storeCampaignRevocation(transaction, name);
    if (!revoked) return knownCampaign(await readCampaign(transaction, name));
    await audit(transaction, actor, {
      action: 'campaign.revoke',
      subject: 'campaign',
      subjectId: name,
      before: { revoked_at: null },
      after: { revoked_at: shownMoment(revoked.revoked_at) },
    });
    return revoked;
  }, startDeadline(stopLimit));
}

/**
 * Makes the invitations of a campaign work again, except those that were also revoked one by one. Repeating it changes nothing.
 * @throws Problem `campaign_unknown`; `invitation_code_alike` where people could not tell one of its codes from another that can be used; `count_busy`.
 */
export async function restoreCampaign(
  { database, audit, longWork }: InvitationServices,
  actor: Actor,
  name: string,
  deadline: Deadline,
): Promise<CampaignSeen> {
  using _turn = await longWork.take(longWorkWait(deadline.gone));
  return database.transaction(
    async (transaction) => {
      await adoptCampaign(transaction, name);
      const restored = await storeCampaignRestoration(transaction, name);
      if (!restored) return knownCampaign(await readCampaign(transaction, name));
      await refuseCampaignCollision(transaction, name);
      await audit(transaction, actor, {
        action: 'campaign.restore',
        subject: 'campaign',
        subjectId: name,
        before: { revoked_at: shownMoment(restored.was_revoked_at) },
        after: { revoked_at: null },
      });
      return restored;
    },
    startDeadline(exactCountLimit, deadline.gone),
  );
}

function knownCampaign(campaign: CampaignSeen | undefined): CampaignSeen {
  if (!campaign) throw new Problem(invitationProblems.campaign_unknown);
  return campaign;
}
