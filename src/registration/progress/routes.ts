import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { databaseProblems } from '../../database/unavailable.ts';
import { validationFailed } from '../../errors.ts';
import { clientGone } from '../../http/client-gone.ts';
import { problemResponses } from '../../http/problem-responses.ts';
import { acceptCampaign } from '../../invitations/labels.ts';
import { cursorBigId, decodeCursor, encodeCursor, pagingRules } from '../../paging.ts';
import { registrationProblems } from '../errors.ts';
import { remainingSteps } from '../steps.ts';
import { countFunnel } from './count-funnel.ts';
import type { ProgressServices } from './dependencies.ts';
import { funnelRules } from './funnel-range.ts';
import { funnelAnswer, funnelQuery, sessionsAnswer, sessionsQuery } from './schema.ts';
import { type LiveSession, listSessions } from './session-store.ts';

const cursorShape = z.tuple([cursorBigId, z.guid()]);

/** How far sign-ups came, for operators: below `/admin`, behind the guard. */
export const progressRoutes: FastifyPluginAsyncZod<{ services: ProgressServices }> = async (app, { services }) => {
  const tags = ['progress'];
  const config = { role: 'viewer' as const };

  app.get(
    '/sessions',
    {
      config,
      schema: {
        tags,
        operationId: 'listSessions',
        summary: 'List the sign-ups under way, newest first',
        description: 'A page may hold fewer items than asked for, or none, although `next` is there.',
        querystring: sessionsQuery,
        response: {
          200: sessionsAnswer,
          ...problemResponses(validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }])),
        },
      },
    },
    async ({ query }) => {
      const filter = { campaign: campaignOf(query), invitationId: query.invitation_id };
      const { sessions, next } = await listSessions(services.database, filter, decodeCursor(query.cursor, cursorShape), query.limit);
      return { items: sessions.map(shown), next: next ? encodeCursor(next) : null };
    },
  );

  app.get(
    '/funnel',
    {
      config,
      schema: {
        tags,
        operationId: 'countFunnel',
        summary: 'Count how far sign-ups came',
        description:
          'Counts the sign-ups whose invitation was verified in the range, whenever they went on. `docs/funnel.md` explains each number.',
        querystring: funnelQuery,
        response: {
          200: funnelAnswer,
          ...problemResponses(
            validationFailed([{ field: 'from', rule: funnelRules.range_backwards }]),
            databaseProblems.database_unavailable,
            registrationProblems.funnel_busy,
          ),
        },
      },
    },
    async ({ query }, reply) => countFunnel(services, { ...query, campaign: campaignOf(query) }, clientGone(reply)),
  );
};

/** As campaigns are stored. @throws Problem `validation_failed`. */
function campaignOf({ campaign }: { readonly campaign?: string | undefined }): string | undefined {
  if (campaign === undefined) return undefined;
  const accepted = acceptCampaign(campaign);
  if (!accepted.ok) throw validationFailed(accepted.errors);
  return accepted.value;
}

function shown({ attempt, invitation_id, campaign, started_at, expires_at, completed_steps }: LiveSession) {
  return {
    attempt,
    invitation_id,
    campaign,
    started_at: started_at.toISOString(),
    expires_at: expires_at.toISOString(),
    completed_steps: [...completed_steps],
    remaining_steps: remainingSteps(completed_steps),
  };
}
