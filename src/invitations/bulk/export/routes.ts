import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { exportAnswer, exportFormat, sendExport } from '../../../http/export-stream.ts';
import { problemResponses } from '../../../http/problem-responses.ts';
import { busyProblems } from '../../../overload/long-work.ts';
import { validationFailed } from '../../../problems.ts';
import { lifeSpanRules } from '../../../rules/validity.ts';
import type { InvitationServices } from '../../dependencies.ts';
import { membersOf, seesPhones } from '../../invitation-view.ts';
import { acceptFilters } from '../../listing/list-filters.ts';
import { filterQuery } from '../../listing/schema.ts';
import { exportColumns } from './columns.ts';
import { exportInvitations } from './export-invitations.ts';

/** Invitations as a file. */
export const exportRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  app.get(
    '/invitations/export',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['invitations'],
        operationId: 'exportInvitations',
        summary: 'Export invitations as a file',
        description:
          'Streams every matching invitation; `import` accepts the file. Viewers get masked phone numbers. The connection is closed ' +
          'early if the export fails.',
        querystring: z.object({ format: exportFormat, ...filterQuery }),
        response: {
          200: exportAnswer('One invitation per line.'),
          ...problemResponses(validationFailed([{ field: 'created_from', rule: lifeSpanRules.moment_format }]), busyProblems.count_busy),
        },
      },
    },
    async (request, reply) => {
      const { format, ...asked } = request.query;
      const inFull = seesPhones(request);
      const filters = acceptFilters(asked, services, inFull);
      if (!filters.ok) throw validationFailed(filters.errors);
      const rows = await exportInvitations(services, request.actor(), filters.value, format, request.deadline.gone);
      return sendExport(reply, { format, name: 'invitations', columns: exportColumns, batches: shown(rows, inFull) });
    },
  );

  async function* shown(batches: Awaited<ReturnType<typeof exportInvitations>>, inFull: boolean) {
    for await (const rows of batches) {
      yield rows.map((row) => membersOf(row, services, inFull));
    }
  }
};
