import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { repeatableHeaders } from '../http/idempotency-headers.ts';
import { bodyProblems, problemResponses } from '../http/problem-responses.ts';
import { repeatableProblems } from '../idempotency.ts';
import { bulkRoutes } from './bulk/routes.ts';
import { campaignRoutes } from './campaigns/routes.ts';
import { changingRoutes } from './changing/routes.ts';
import { alikeExample } from './code-collisions.ts';
import { createInvitations } from './create-invitations.ts';
import type { InvitationServices } from './dependencies.ts';
import { listingRoutes } from './listing/routes.ts';
import { invitationProblems } from './problems.ts';
import { createAnswer, createBody, testCodesAnswer } from './schema.ts';
import { renewTestCodes, testCodes } from './seed-test-codes.ts';

/** Invitations, for operators: below `/admin`, behind the guard. */
export const invitationRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  await app.register(listingRoutes, { services });
  await app.register(bulkRoutes, { services });
  await app.register(changingRoutes, { services });
  await app.register(campaignRoutes, { services });

  const tags = ['invitations'];

  app.post(
    '/test-codes',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'renewTestCodes',
        summary: 'Make the test codes work for a day',
        description: 'Creates or resets TEST001 to TEST005, one seat each. They are public: the README names them.',
        response: { 200: testCodesAnswer },
      },
    },
    async (request) => {
      const expiresAt = await renewTestCodes(services, request.actor(), request.deadline);
      return { codes: [...testCodes], expires_at: expiresAt.toISOString() };
    },
  );

  const { invitation_code_taken, campaign_revoked } = invitationProblems;
  const invitation_code_alike = alikeExample;

  app.post(
    '/invitations',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'createInvitations',
        summary: 'Make invitations',
        description: 'One with a custom code, or up to 1,000 with generated codes; all or none.',
        headers: repeatableHeaders,
        body: createBody,
        response: {
          201: createAnswer,
          ...problemResponses(
            ...bodyProblems,
            ...Object.values(repeatableProblems),
            invitation_code_taken,
            invitation_code_alike,
            campaign_revoked,
          ),
        },
      },
    },
    async (request, reply) => {
      const { body, headers } = request;
      const asked = { method: 'POST', path: '/admin/invitations', body };
      const invitations = await createInvitations(services, { actor: request.actor(), key: headers['idempotency-key'], asked }, body);
      reply.code(201);
      const [only, second] = invitations;
      if (only && !second) reply.header('location', `/admin/invitations/${only.id}`);
      return { invitations: [...invitations] };
    },
  );
};
