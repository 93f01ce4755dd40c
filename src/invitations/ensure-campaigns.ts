import type { Queryable } from '../database/database.ts';
import { Problem } from '../problems.ts';
import { addCampaigns, lockCampaignsNamed } from './campaign-store.ts';
import { invitationProblems } from './problems.ts';

/**
 * Creates the rows of campaigns before invitations refer to them, and locks them against revocation until the transaction ends.
 * @throws Problem `campaign_revoked`, with the first revoked one as `campaign`.
 */
export async function nameCampaigns(transaction: Queryable, names: readonly string[]): Promise<void> {
  await addCampaigns(transaction, names);
  const revoked = (await lockCampaignsNamed(transaction, names)).find((campaign) => campaign.revoked_at !== null);
  if (revoked) throw new Problem(invitationProblems.campaign_revoked, { members: { campaign: revoked.name } });
}
