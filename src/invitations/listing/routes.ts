import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Actor } from '../../audit.ts';
import { type Queryable, until } from '../../database/database.ts';
import { databaseProblems } from '../../database/database-errors.ts';
import { withAtLeast } from '../../deadline.ts';
import { problemResponses } from '../../http/problem-responses.ts';
import { busyProblems } from '../../overload/long-work.ts';
import { pagingRules } from '../../paging/cursor.ts';
import type { Total } from '../../paging/keyset-page.ts';
import { validationFailed } from '../../problems.ts';
import { leastAfterCount } from '../../time-limits.ts';
import type { InvitationServices } from '../dependencies.ts';
import type { InvitationRow } from '../invitation-row.ts';
import { seesPhones, showInvitation, showPeople } from '../invitation-view.ts';
import { acceptFilters, auditedFilters, type ListFilters } from './list-filters.ts';
import { listInvitations } from './list-invitations.ts';
import { invitationsAnswer, invitationsQuery } from './schema.ts';

/** Finding invitations: below `/admin`, behind the guard. */
export const listingRoutes: FastifyPluginAsyncZod<{ services: InvitationServices }> = async (app, { services }) => {
  app.get(
    '/invitations',
    {
      config: { role: 'viewer' },
      schema: {
        tags: ['invitations'],
        operationId: 'listInvitations',
        summary: 'Find invitations, the newest first',
        description:
          'A search that takes too long is refused on its filters (`filter_too_slow`). Expired invitations come in the order of their end, and those that did not start in that of their start, those of a period in the order in which they were made; the latest first.',
        querystring: invitationsQuery,
        response: {
          200: invitationsAnswer,
          ...problemResponses(
            validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }]),
            databaseProblems.database_unavailable,
            busyProblems.count_busy,
          ),
        },
      },
    },
    async (request) => {
      const { query } = request;
      const { limit, cursor, total, people } = query;
      const inFull = seesPhones(request);
      const filters = acceptFilters(query, services, inFull);
      if (!filters.ok) throw validationFailed(filters.errors);
      const page = await listInvitations(services, filters.value, { limit, cursor, total, deadline: request.deadline });
      const database = until(withAtLeast(leastAfterCount, request.deadline), services.database);
      if (inFull) await recordList(database, request.actor(), filters.value, page.rows, page.total);
      return { items: await withPeople(database, page.rows, people, inFull), next: page.next, total: page.total };
    },
  );

  /** Leaves an entry where the answer shows a phone number in full, or tells that the one in the filter exists. */
  async function recordList(
    database: Queryable,
    actor: Actor,
    filters: ListFilters,
    rows: readonly InvitationRow[],
    total: Total | null,
  ): Promise<void> {
    const isFound = filters.text?.phone !== undefined && (total?.value ?? 0) > 0;
    if (!isFound && rows.every(({ phone }) => phone === null)) return;
    const after = { ...auditedFilters(filters), count: rows.length };
    await services.audit(database, actor, { action: 'invitation.list', subject: 'invitation', after });
  }

  /**
   * @param each how many people of each invitation; 0: none.
   * @param inFull false: phone numbers are masked.
   */
  async function withPeople(database: Queryable, rows: readonly InvitationRow[], each: number, inFull: boolean) {
    const shown = (row: InvitationRow) => showInvitation(row, services, inFull);
    if (each === 0) return rows.map(shown);
    const used = rows.filter((row) => row.used > 0).map(({ id }) => id);
    const people = await services.peopleOf(database, used, each);
    return rows.map((row) => ({ ...shown(row), people: showPeople(people.get(row.id)) }));
  }
};
