import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { until } from '../../database/database.ts';
import { databaseProblems } from '../../database/database-errors.ts';
import { schemaRules } from '../../http/field-messages.ts';
import { problemResponses } from '../../http/problem-responses.ts';
import { acceptCampaign } from '../../invitations/campaign-and-note.ts';
import { cursorBigId, decodeCursor, pagingRules } from '../../paging/cursor.ts';
import { validationFailed } from '../../problems.ts';
import { registrationProblems } from '../problems.ts';
import { remainingSteps } from '../steps.ts';
import { countFunnel } from './count-funnel.ts';
import type { ProgressServices } from './dependencies.ts';
import { endSignUp, endSignUpsOn } from './end-sign-up.ts';
import { funnelRules } from './funnel-range.ts';
import {
  attemptPath,
  endedAnswer,
  funnelAnswer,
  funnelQuery,
  releasedAnswer,
  releaseQuery,
  sessionsAnswer,
  sessionsQuery,
} from './schema.ts';
import { type LiveSession, listSessions, type SessionKey } from './session-store.ts';

const cursorShape = z.tuple([cursorBigId, z.guid()]);

/** Routes by which operators see how far sign-ups came; below `/admin`, behind the guard. */
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
        querystring: sessionsQuery,
        response: {
          200: sessionsAnswer,
          ...problemResponses(validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }])),
        },
      },
    },
    async ({ query, deadline }) => {
      const filter = { campaign: campaignOf(query), invitation_id: query.invitation_id };
      const page = { after: decodeCursor<SessionKey>(query.cursor, cursorShape), limit: query.limit };
      const { rows, next } = await listSessions(until(deadline, services.database), filter, page);
      return { items: rows.map(shown), next };
    },
  );

  app.delete(
    '/sessions/:attempt',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'endSignUp',
        summary: 'End a sign-up under way',
        description: 'Deletes what was entered; the seat, where one was held, is free. The person can begin again with the code.',
        params: attemptPath,
        response: { 200: endedAnswer, ...problemResponses(registrationProblems.sign_up_unknown, invalidAttempt) },
      },
    },
    async (request) => {
      const { attempt, invitation_id } = await endSignUp(services, request.actor(), request.params.attempt);
      return { ended: true as const, attempt, invitation_id };
    },
  );

  app.delete(
    '/sessions',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'endSignUps',
        summary: 'End the sign-ups under way on an invitation',
        description:
          'Frees the seats that they hold: of those that have stored no step, such as a page that was loaded again and again; with `with_steps=true`, of all. The people can begin again with the code.',
        querystring: releaseQuery,
        response: { 200: releasedAnswer },
      },
    },
    async (request) => {
      const { invitation_id, with_steps } = request.query;
      return { ended: await endSignUpsOn(services, request.actor(), invitation_id, with_steps === 'true'), invitation_id };
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
          'Counts the sign-ups whose invitation was verified in the range, whenever they went on. `docs/guides/funnel.md` explains each number.',
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
    async ({ query, deadline }) => countFunnel(services, { ...query, campaign: campaignOf(query) }, deadline),
  );
};

const invalidAttempt = validationFailed([{ field: 'attempt', rule: schemaRules.invalid_format }]);

/**
 * Accepts a campaign name as campaigns are stored.
 * @throws Problem `validation_failed`.
 */
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
