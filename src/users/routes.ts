import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type ExportColumn, exportAnswer, exportFormat, sendExport } from '../http/export-stream.ts';
import { schemaRules } from '../http/field-messages.ts';
import { problemResponses, queryProblem } from '../http/problem-responses.ts';
import { busyProblems } from '../overload/long-work.ts';
import { decodeIdCursor } from '../paging/cursor.ts';
import { validationFailed } from '../problems.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import { deleteUser } from './delete-user.ts';
import type { UserServices } from './dependencies.ts';
import { exportUsers, type UserExported } from './export-users.ts';
import { listUsers } from './list-users.ts';
import { userProblems } from './problems.ts';
import { readUserAs } from './read-user.ts';
import { userDeleted, userFilterQuery, userInFull, userList, userListQuery, userParams } from './schema.ts';

/** Users, for operators: below `/admin`, behind the guard. */
export const userRoutes: FastifyPluginAsyncZod<{ services: UserServices }> = async (app, { services }) => {
  const tags = ['users'];
  const { user_unknown } = userProblems;

  app.get(
    '/users',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'listUsers',
        summary: 'List and find users, the newest first',
        querystring: userListQuery,
        response: { 200: userList, ...problemResponses(queryProblem, busyProblems.count_busy) },
      },
    },
    async (request) => {
      const { limit, cursor, total, ...asked } = request.query;
      const wanted = { limit, after: decodeIdCursor(cursor), total, deadline: request.deadline };
      const page = await listUsers(services, request.actor(), seesInFull(request), asked, wanted);
      return { items: [...page.users], next: page.next, total: page.total };
    },
  );

  app.get(
    '/users/export',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'exportUsers',
        summary: 'Export users as a file',
        description: 'Streams every matching user with phone number and birthday. The connection is closed early if the export fails.',
        querystring: z.object({ format: exportFormat, ...userFilterQuery }),
        response: { 200: exportAnswer('One user per line.'), ...problemResponses(queryProblem, busyProblems.count_busy) },
      },
    },
    async (request, reply) => {
      const { format, ...asked } = request.query;
      const batches = await exportUsers(services, request.actor(), asked, format, request.deadline.gone);
      return sendExport(reply, { format, name: 'users', columns, batches });
    },
  );

  app.get(
    '/users/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        operationId: 'readUser',
        summary: 'See one user',
        description: 'In full for the role `admin`, which is recorded in the audit log; others see a masked phone number and no birthday.',
        params: userParams,
        response: { 200: userInFull, ...problemResponses(user_unknown, invalidId) },
      },
    },
    async (request) => readUserAs(services, request.actor(), seesInFull(request), request.params.id, request.deadline),
  );

  app.delete(
    '/users/:id',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        operationId: 'deleteUser',
        summary: 'Delete a user and all their data',
        description: 'Their seat stays used. Invitations that only their phone number could use are revoked.',
        params: userParams,
        response: { 200: userDeleted, ...problemResponses(user_unknown, invalidId) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await deleteUser(services, request.actor(), id, request.deadline);
      return { deleted: true as const, id };
    },
  );
};

const invalidId = validationFailed([{ field: 'id', rule: schemaRules.wrong_type }]);

const columns: readonly ExportColumn<UserExported>[] = [
  { name: 'id', value: (user) => user.id },
  { name: 'name', value: (user) => user.name },
  { name: 'phone', value: (user) => user.phone },
  { name: 'birthday', value: (user) => user.birthday },
  { name: 'created_at', value: (user) => shownMoment(user.created_at) },
  { name: 'invitation_id', value: (user) => user.invitation_id },
  { name: 'invitation_code', value: (user) => user.invitation_code },
  { name: 'campaign', value: (user) => user.campaign },
];

function seesInFull({ operator }: { readonly operator: { readonly role: string } | null }): boolean {
  return operator?.role === 'admin';
}
