import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { repeatableHeaders } from '../../http/idempotency-headers.ts';
import { answerInLines } from '../../http/ndjson.ts';
import { bodyProblems, problemResponses } from '../../http/problem-responses.ts';
import { repeatableProblems } from '../../idempotency.ts';
import { openSemaphore } from '../../overload/semaphore.ts';
import { validationFailed } from '../../problems.ts';
import type { InvitationServices } from '../dependencies.ts';
import { linkOf } from '../invitation-view.ts';
import { invitationProblems } from '../problems.ts';
import { acceptBulk } from './accept-bulk.ts';
import { type BulkMade, createInBulk } from './create-in-bulk.ts';
import { exportRoutes } from './export/routes.ts';
import { importRoutes } from './import/routes.ts';
import { bulkProblems } from './problems.ts';
import { bulkAnswer, bulkBody } from './schema.ts';
import { codesOfBatch } from './store.ts';

/** Many invitations at once. */
export const bulkRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  const bulkServices = { ...services, turn: openSemaphore(1) };
  await app.register(importRoutes, { services: bulkServices });
  await app.register(exportRoutes, { services });

  app.post(
    '/invitations/bulk',
    {
      config: { role: 'issuer' },
      schema: {
        tags: ['invitations'],
        operationId: 'createInvitationsInBulk',
        summary: 'Create up to a million invitations, all or none',
        description: 'Streams its progress. With `Idempotency-Key` a repeated request returns the same codes.',
        headers: repeatableHeaders,
        body: bulkBody,
        response: {
          200: bulkAnswer,
          ...problemResponses(
            ...bodyProblems,
            ...Object.values(repeatableProblems),
            invitationProblems.campaign_revoked,
            bulkProblems.bulk_under_way,
          ),
        },
      },
    },
    async (request, reply) => {
      const wanted = acceptBulk(request.body, services);
      if (!wanted.ok) throw validationFailed(wanted.errors);
      const repeatable = {
        actor: request.actor(),
        key: request.headers['idempotency-key'],
        asked: ['POST', '/admin/invitations/bulk', request.body],
      };
      let made: BulkMade | undefined;
      return answerInLines(
        reply,
        async (answer) => {
          const { count } = request.body;
          const inserted = (created: number) => answer.offer({ event: 'progress', created, of: count });
          ({ answer: made } = await createInBulk(bulkServices, repeatable, wanted.value, { inserted, signal: answer.gone }));
          const { batch } = made;
          for await (const page of codesOfBatch(services.database, batch)) {
            await answer.send(page.map(({ id, code }) => ({ event: 'invitation', id, code, link: linkOf(code, services.publicUrl) })));
          }
          await answer.send([{ event: 'done', created: made.count, batch }]);
        },
        (problem) => ({ event: 'failed', ...(made && { created: made.count, batch: made.batch }), problem }),
      );
    },
  );
};
