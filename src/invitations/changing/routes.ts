import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { until } from '../../database/database.ts';
import { httpProblems } from '../../http/http-problems.ts';
import { bodyProblems, problemResponses } from '../../http/problem-responses.ts';
import { Problem } from '../../problems.ts';
import { alikeExample } from '../code-collisions.ts';
import type { InvitationServices } from '../dependencies.ts';
import type { InvitationRow } from '../invitation-row.ts';
import { type ShownInvitation, seesPhones, showInvitation, showPeople } from '../invitation-view.ts';
import { invitationProblems } from '../problems.ts';
import { invitationAnswer } from '../schema.ts';
import { changeInvitation, isIfMatch } from './change-invitation.ts';
import { changeInvitations, revokeBatch } from './change-many.ts';
import { readInvitationAs } from './read-invitation.ts';
import { restoreInvitation, revokeInvitation } from './revoke-invitation.ts';
import { batchBody, changeBody, changedAnswer, changeManyBody, invitationPath, invitationWithPeople, versionHeaders } from './schema.ts';

const malformed = new Problem({
  ...httpProblems.bad_request,
  detail: {
    ko: 'If-Match에는 초대를 조회할 때 받은 ETag를 따옴표까지 그대로 넣으세요. 예: "9f86d081884c7d659a2feaa0c55ad015"',
    en: 'Send the ETag of the invitation as If-Match, with its quotation marks, like "9f86d081884c7d659a2feaa0c55ad015".',
  },
});

/** Users shown with an invitation; `GET /admin/users` has the others. */
const peopleShown = 100;

/** One invitation: reading, changing, revoking, restoring. */
export const changingRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  const tags = ['invitations'];
  const { invitation_unknown, version_required, invitation_changed, campaign_revoked } = invitationProblems;
  const seats_in_use = new Problem(invitationProblems.seats_in_use, { values: { used: 3 }, members: { used: 3 } });
  const invitation_code_alike = alikeExample;
  /** Sends its version as `ETag`. */
  function shown(reply: FastifyReply, row: InvitationRow, inFull = true): ShownInvitation {
    const invitation = showInvitation(row, services, inFull);
    reply.header('etag', `"${invitation.version}"`);
    return invitation;
  }

  app.get(
    '/invitations/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'readInvitation',
        summary: 'Get an invitation and the users who signed up with it',
        description: 'The `ETag` header is its version; send it as `If-Match` to change the invitation.',
        params: invitationPath,
        response: { 200: invitationWithPeople, ...problemResponses(invitation_unknown) },
      },
    },
    async (request, reply) => {
      const inFull = seesPhones(request);
      const row = await readInvitationAs(services, request.actor(), inFull, request.params.id, request.deadline);
      const people = await services.peopleOf(until(request.deadline, services.database), [row.id], peopleShown);
      return { ...shown(reply, row, inFull), people: showPeople(people.get(row.id)) };
    },
  );

  app.patch(
    '/invitations/:id',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'changeInvitation',
        summary: 'Change an invitation',
        description: '`If-Match` must name the version that you read, so that you do not overwrite the change of another operator.',
        params: invitationPath,
        headers: versionHeaders,
        body: changeBody,
        response: {
          200: invitationAnswer,
          ...problemResponses(
            ...bodyProblems,
            invitation_unknown,
            malformed,
            version_required,
            invitation_changed,
            seats_in_use,
            campaign_revoked,
            invitation_code_alike,
          ),
        },
      },
    },
    async (request, reply) => {
      const { params, body, headers } = request;
      const ifMatch = headers['if-match'];
      if (ifMatch !== undefined && !isIfMatch(ifMatch)) throw malformed;
      const row = await changeInvitation(services, request.actor(), params.id, ifMatch, body, request.deadline);
      return shown(reply, row);
    },
  );

  app.post(
    '/invitations/:id/revoke',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'revokeInvitation',
        summary: 'Revoke an invitation',
        description: 'Takes effect from the next request, also for sign-ups in progress. Repeating it changes nothing.',
        params: invitationPath,
        response: { 200: invitationAnswer, ...problemResponses(invitation_unknown) },
      },
    },
    async (request, reply) => {
      const row = await revokeInvitation(services, request.actor(), request.params.id);
      return shown(reply, row);
    },
  );

  app.post(
    '/invitations/:id/restore',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'restoreInvitation',
        summary: 'Let a revoked invitation work again',
        params: invitationPath,
        response: { 200: invitationAnswer, ...problemResponses(invitation_unknown, campaign_revoked, invitation_code_alike) },
      },
    },
    async (request, reply) => {
      const row = await restoreInvitation(services, request.actor(), request.params.id, request.deadline);
      return shown(reply, row);
    },
  );

  const { campaign_unknown, batch_unknown } = invitationProblems;

  app.post(
    '/invitations/change',
    {
      config: { role: 'issuer' },
      schema: {
        tags,
        operationId: 'changeInvitations',
        summary: 'Change all invitations of a campaign or batch, all or none',
        description: 'In one transaction with one audit entry. `extend` is undone by the same with a minus.',
        body: changeManyBody,
        response: {
          200: changedAnswer,
          ...problemResponses(...bodyProblems, campaign_unknown, batch_unknown, seats_in_use, invitation_code_alike),
        },
      },
    },
    async (request) => changeInvitations(services, request.actor(), request.body),
  );

  for (const [verb, revoked] of [
    ['revoke', true],
    ['restore', false],
  ] as const) {
    app.post(
      `/invitations/${verb}`,
      {
        config: { role: 'issuer' },
        schema: {
          tags,
          operationId: `${verb}Invitations`,
          summary: revoked ? 'Revoke all invitations of a batch' : 'Let all revoked invitations of a batch work again',
          description: 'In one transaction with one audit entry. Repeating it changes nothing.',
          body: batchBody,
          response: {
            200: changedAnswer,
            ...problemResponses(...bodyProblems, batch_unknown, ...(revoked ? [] : [invitation_code_alike])),
          },
        },
      },
      async (request) => revokeBatch(services, request.actor(), request.body.batch, revoked),
    );
  }
};
