import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { until } from '../database/database.ts';
import { schemaRules } from '../http/field-messages.ts';
import { repeatableHeaders } from '../http/idempotency-headers.ts';
import { bodyProblems, problemResponses, queryProblem } from '../http/problem-responses.ts';
import { repeatableProblems } from '../idempotency.ts';
import { decodeIdCursor } from '../paging/cursor.ts';
import { Problem, validationFailed } from '../problems.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import { acceptPeriod } from '../rules/validity.ts';
import { auditList, auditQuery } from './audit-schema.ts';
import { type AuditRow, readAudit } from './audit-store.ts';
import { createOperatorKey } from './create-key.ts';
import type { OperatorServices } from './dependencies.ts';
import { listKeys } from './key-store.ts';
import { shownKey } from './key-view.ts';
import { operatorProblems } from './problems.ts';
import { revokeOperatorKey } from './revoke-key.ts';
import { createKeyBody, keyAnswer, keyCreatedAnswer, keyList, keyListQuery, keyParams, meAnswer } from './schema.ts';

/** Operator keys and the audit log: below `/admin`, behind the guard. */
export const operatorRoutes: FastifyPluginAsyncZod<{ services: OperatorServices }> = async (app, { services }) => {
  const tags = ['operators'];
  const { operator_key_unknown, key_shown_once } = operatorProblems;
  const key_label_taken = new Problem(operatorProblems.key_label_taken, { values: { id: 3 }, members: { other_id: 3 } });

  app.post(
    '/keys',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'createOperatorKey',
        summary: 'Create an operator key',
        description: 'The key is shown only in this answer; the server stores a hash of it.',
        headers: repeatableHeaders,
        body: createKeyBody,
        response: {
          201: keyCreatedAnswer,
          ...problemResponses(
            ...bodyProblems,
            ...Object.values(repeatableProblems),
            new Problem(key_shown_once, { members: { id: 3 } }),
            key_label_taken,
          ),
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const repeatable = { actor: request.actor(), key: request.headers['idempotency-key'], asked: ['POST', '/admin/keys', body] };
      const { key, ...created } = await createOperatorKey(services, repeatable, body, request.deadline);
      const { last_used_at: _never, revoked_at: _neither, ...shown } = shownKey(created);
      return reply.code(201).send({ ...shown, key });
    },
  );

  app.get(
    '/keys',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'listOperatorKeys',
        summary: 'List the operator keys',
        description: 'Includes expired and revoked keys.',
        querystring: keyListQuery,
        response: { 200: keyList, ...problemResponses(queryProblem) },
      },
    },
    async ({ query: { limit, cursor }, deadline }) => {
      const { rows, next } = await listKeys(until(deadline, services.database), { after: decodeIdCursor(cursor), limit });
      return { items: rows.map(shownKey), next };
    },
  );

  app.post(
    '/keys/:id/revoke',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'revokeOperatorKey',
        summary: 'Revoke an operator key',
        description: 'Its next request is refused. Repeating it changes nothing.',
        params: keyParams,
        response: { 200: keyAnswer, ...problemResponses(operator_key_unknown, invalidId) },
      },
    },
    async (request) => shownKey(await revokeOperatorKey(services, request.actor(), request.params.id, request.deadline)),
  );

  app.get(
    '/audit',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'readAuditLog',
        summary: 'Read what operators did',
        querystring: auditQuery,
        response: { 200: auditList, ...problemResponses(queryProblem) },
      },
    },
    async ({ query: { limit, cursor, from, to, ...asked }, deadline }) => {
      const period = acceptPeriod(['from', from], ['to', to], services.timeZone);
      if (!period.ok) throw validationFailed(period.errors);
      const page = { after: decodeIdCursor(cursor), limit };
      const { rows, next } = await readAudit(until(deadline, services.database), { ...asked, ...period.value }, page);
      return { items: rows.map(shownEntry), next };
    },
  );

  app.get(
    '/me',
    {
      config: { role: 'viewer' },
      schema: { tags, operationId: 'readMe', summary: 'Get the operator key of the request', response: { 200: meAnswer } },
    },
    async ({ operator }) => {
      if (!operator) throw new Error('the route is not behind the operator guard');
      return { key_id: operator.keyId, label: operator.label, role: operator.role };
    },
  );
};

const invalidId = validationFailed([{ field: 'id', rule: schemaRules.wrong_type }]);

function shownEntry({ at, ...entry }: AuditRow) {
  return { ...entry, at: shownMoment(at) ?? '' };
}
