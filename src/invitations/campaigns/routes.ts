import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type Queryable, until } from '../../database/database.ts';
import { databaseProblems } from '../../database/database-errors.ts';
import { startDeadline } from '../../deadline.ts';
import { problemResponses } from '../../http/problem-responses.ts';
import { busyProblems, longWorkWait } from '../../overload/long-work.ts';
import { decodeCursor, pageOf, pagingRules } from '../../paging/cursor.ts';
import { Problem, validationFailed } from '../../problems.ts';
import { shownMoment } from '../../rules/format-timestamp.ts';
import { hasUnusableCharacter } from '../../rules/well-formed-text.ts';
import { exactCountLimit } from '../../time-limits.ts';
import { alikeExample } from '../code-collisions.ts';
import type { InvitationServices } from '../dependencies.ts';
import { invitationProblems } from '../problems.ts';
import { restoreCampaign, revokeCampaign } from './revoke-campaign.ts';
import { campaignAnswer, campaignPath, campaignsAnswer, campaignsQuery, countedCampaign } from './schema.ts';
import { type CampaignSeen, countCampaign, listCampaigns, readCampaign } from './store.ts';

/** Campaigns: groups of invitations that are counted and revoked together. */
export const campaignRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  const tags = ['invitations'];
  const { database, longWork } = services;
  const { campaign_unknown } = invitationProblems;

  app.get(
    '/campaigns',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listCampaigns',
        summary: 'List campaigns by name',
        querystring: campaignsQuery,
        response: { 200: campaignsAnswer, ...problemResponses(validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }])) },
      },
    },
    async ({ query: { limit, cursor }, deadline }) => {
      const [after = ''] = decodeCursor(cursor, z.tuple([z.string().max(256)])) ?? [];
      const { rows, next } = pageOf(await listCampaigns(until(deadline, database), after, limit + 1), limit, (row) => [row.name]);
      return { items: rows.map(shown), next };
    },
  );

  app.get(
    '/campaigns/:campaign',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'countCampaign',
        summary: 'Count the invitations and seats of a campaign',
        params: campaignPath,
        response: {
          200: countedCampaign,
          ...problemResponses(campaign_unknown, databaseProblems.database_unavailable, busyProblems.count_busy),
        },
      },
    },
    async ({ params, deadline }) => {
      const name = nameIn(params);
      const campaign = await readCampaign(until(deadline, database), name);
      if (!campaign) throw new Problem(campaign_unknown);
      const count = (transaction: Queryable) => countCampaign(transaction, name);
      using _turn = await longWork.take(longWorkWait(deadline.gone));
      const counts = await database.transaction(count, startDeadline(exactCountLimit, deadline.gone));
      const { seats_total, seats_used, seats_held, seats_free, ...invitations } = counts;
      const seats = { total: seats_total, used: seats_used, held: seats_held, free: seats_free };
      return { ...shown(campaign), invitations, seats };
    },
  );

  app.post(
    '/campaigns/:campaign/revoke',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'revokeCampaign',
        summary: 'Revoke a whole campaign',
        description: 'Takes effect from the next request, whatever the number of invitations, also for sign-ups in progress.',
        params: campaignPath,
        response: { 200: campaignAnswer, ...problemResponses(campaign_unknown) },
      },
    },
    async (request) => shown(await revokeCampaign(services, request.actor(), nameIn(request.params))),
  );

  app.post(
    '/campaigns/:campaign/restore',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'restoreCampaign',
        summary: 'Let a revoked campaign work again',
        description:
          'Invitations that were also revoked one by one stay revoked. Refused if people could not tell one of its codes from another that can be used.',
        params: campaignPath,
        response: { 200: campaignAnswer, ...problemResponses(campaign_unknown, alikeExample, busyProblems.count_busy) },
      },
    },
    async (request) => shown(await restoreCampaign(services, request.actor(), nameIn(request.params), request.deadline)),
  );
};

/** @throws Problem `campaign_unknown` for a name that no campaign can have. */
function nameIn({ campaign }: { readonly campaign: string }): string {
  if (hasUnusableCharacter(campaign)) throw new Problem(invitationProblems.campaign_unknown);
  return campaign.normalize('NFC');
}

function shown({ name, created_at, revoked_at }: CampaignSeen) {
  return { campaign: name, created_at: shownMoment(created_at), revoked_at: shownMoment(revoked_at) };
}
