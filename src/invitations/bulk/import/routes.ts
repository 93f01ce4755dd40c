import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { httpProblems } from '../../../http/http-problems.ts';
import { repeatableHeaders } from '../../../http/idempotency-headers.ts';
import { problemResponses, queryProblem } from '../../../http/problem-responses.ts';
import { acceptUploads, type Upload } from '../../../http/uploads.ts';
import { repeatableProblems } from '../../../idempotency.ts';
import { Problem, validationFailed } from '../../../problems.ts';
import { alikeExample } from '../../code-collisions.ts';
import { invitationProblems } from '../../problems.ts';
import type { BulkServices } from '../create-in-bulk.ts';
import { bulkProblems } from '../problems.ts';
import { csvRules, maximumFileBytes } from './csv-rules.ts';
import { importInvitations } from './import-invitations.ts';
import { importRules } from './import-rules.ts';
import { importAnswer, importBody, importQuery } from './schema.ts';

/** Milliseconds; a line of 1 Mbit/s takes 9 minutes for the largest file. */
const uploadLimits = { pauseMilliseconds: 30_000, wholeMilliseconds: 600_000 };

/** Invitations from a file. */
export const importRoutes: FastifyPluginAsyncZod<{ services: BulkServices }> = async (app, { services }) => {
  const aliases = ['application/csv', 'application/vnd.ms-excel', 'text/x-csv', 'text/comma-separated-values'];
  acceptUploads(app, { mediaType: 'text/csv', aliases, maximumBytes: maximumFileBytes, ...uploadLimits });
  const exampleError = { line: 3, field: '', rule: csvRules.csv_cells, values: { cells: 3, columns: 6 } };
  const refused = new Problem(bulkProblems.import_refused, {
    errors: [exampleError],
    values: { errors: 1 },
    members: { lines: 2, error_count: 1 },
  });

  app.post(
    '/invitations/import',
    {
      config: { role: 'issuer' },
      schema: {
        tags: ['invitations'],
        operationId: 'importInvitations',
        summary: 'Create invitations from a file, all or none',
        description:
          'Codes that exist already are left as they are, so a file may be sent again; with `update=true` their invitations become what the line says. Where a line is wrong nothing is stored, and ' +
          '`import_refused` tells the first 100 errors with their lines.',
        headers: repeatableHeaders,
        querystring: importQuery,
        consumes: ['text/csv'],
        body: importBody,
        response: {
          200: importAnswer,
          ...problemResponses(
            httpProblems.bad_request,
            httpProblems.payload_too_large,
            httpProblems.unsupported_media_type,
            httpProblems.request_timeout,
            refused,
            queryProblem,
            ...Object.values(repeatableProblems),
            invitationProblems.campaign_revoked,
            alikeExample,
            bulkProblems.bulk_under_way,
            bulkProblems.import_busy,
            bulkProblems.import_space_missing,
          ),
        },
      },
    },
    async (request) => {
      const asTheyAre = request.query.as_they_are === 'true';
      if (asTheyAre && request.operator?.role !== 'admin')
        throw validationFailed([{ field: 'as_they_are', rule: importRules.admins_only }]);
      const imported = await importInvitations(services, {
        actor: request.actor(),
        key: request.headers['idempotency-key'],
        bytes: request.body as Upload,
        mode: { asTheyAre, update: request.query.update === 'true' },
        dryRun: request.query.dry_run === 'true',
        signal: request.deadline.gone,
      });
      return { ...imported, updated_lines: [...imported.updated_lines], errors: [] };
    },
  );
};
