import { type Queryable, statement } from '../../database/database.ts';
import { withoutStep } from '../../invitations/availability.ts';
import type { Page } from '../../paging/cursor.ts';
import { type List, type Order, readPage } from '../../paging/keyset-page.ts';
import { completedSteps, keepAttempts } from '../store.ts';

/** Microseconds since 1970 at which the session began, and its attempt. */
export type SessionKey = readonly [microseconds: number, attempt: string];

/** The filters of the list, by the names of `sessionsQuery`. */
export interface SessionFilter {
  readonly campaign: string | undefined;
  readonly invitation_id: number | undefined;
}

export interface LiveSession {
  readonly attempt: string;
  readonly invitation_id: number;
  readonly campaign: string | null;
  readonly started_at: Date;
  readonly expires_at: Date;
  readonly completed_steps: readonly string[];
}

/** Dates of JavaScript have no microseconds. */
type SessionRow = LiveSession & { readonly microseconds: number };

const liveSessions: List<SessionRow, SessionFilter> = {
  name: 'registration_sessions',
  columns: `s.attempt, s."invitationId" AS invitation_id, i.campaign, s.created_at AS started_at, s.expires_at,
    ${completedSteps('s')} AS completed_steps, (extract(epoch FROM s.created_at) * 1000000)::bigint AS microseconds`,
  from: '"RegisterSession" s LEFT JOIN "Invitation" i ON i.id = s."invitationId"',
  where: 's.expires_at > now()',
  predicates: {
    campaign: (name, bind) => `i.campaign = ${bind(name, 'text')}`,
    invitation_id: (id, bind) => `s."invitationId" = ${bind(id, 'integer')}`,
  },
};

const newestSessionFirst: Order<SessionRow, SessionKey> = {
  by: ['s.created_at', 's.attempt'],
  keyOf: ({ microseconds, attempt }) => [microseconds, attempt],
  valuesOf: ([microseconds, attempt], bind) => [
    `'epoch'::timestamptz + ${bind(microseconds, 'float8')} * interval '1 microsecond'`,
    bind(attempt, 'uuid'),
  ],
};

/**
 * The live sessions, newest first.
 * @throws Problem `validation_failed` on filters that take too long.
 */
export function listSessions(
  database: Queryable,
  filter: SessionFilter,
  page: { readonly after: SessionKey | undefined; readonly limit: number },
): Promise<Page<LiveSession>> {
  return readPage(database, liveSessions, filter, newestSessionFirst, page);
}

export interface EndedSession {
  readonly attempt: string;
  readonly invitation_id: number;
  readonly completed_steps: readonly string[];
}

/**
 * The DELETE takes the same lock that completing takes first, so one of the two finds the session gone. There is no index on the attempt: the
 * table holds little more than the sign-ups in progress.
 */
const endStatement = statement<EndedSession>(
  'registration_end_session',
  `WITH session AS (
     DELETE FROM "RegisterSession" s WHERE s.attempt = $1::uuid AND s.expires_at > now() RETURNING s.*
   ), attempt AS (
     ${keepAttempts('session', 'expired')}
   )
   SELECT session.attempt, session."invitationId" AS invitation_id, ${completedSteps('session')} AS completed_steps FROM session`,
);

/**
 * Deletes a live session and all its data.
 * @returns undefined if there was none.
 */
export async function endSession(transaction: Queryable, attempt: string): Promise<EndedSession | undefined> {
  const [row] = await transaction.run(endStatement, [attempt]);
  return row;
}

/** The DELETE takes the same lock that completing takes first, so a sign-up is either completed or ended. */
const releaseStatement = statement<{ ended: number }>(
  'registration_release_invitation',
  `WITH session AS (
     DELETE FROM "RegisterSession" s WHERE s."invitationId" = $1::integer AND s.expires_at > now() AND ($2::boolean OR ${withoutStep('s')})
     RETURNING s.*
   ), attempt AS (
     ${keepAttempts('session', 'expired')}
   )
   SELECT count(*) AS ended FROM session`,
);

/**
 * Deletes the live sessions of an invitation.
 * @param also those that have stored a step.
 * @returns how many there were.
 */
export async function releaseInvitation(transaction: Queryable, invitationId: number, also: boolean): Promise<number> {
  const [row] = await transaction.run(releaseStatement, [invitationId, also]);
  return row?.ended ?? 0;
}

const countHoldsStatement = statement<{ holds: number }>(
  'registration_count_holds_without_step',
  `SELECT count(*) AS holds FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId" AND i.max_uses > 1
   WHERE s.expires_at > now() AND ${withoutStep('s')}`,
);

/** @returns how many seats are held by sign-ups without a stored step, over all invitations. */
export async function countHoldsWithoutStep(database: Queryable): Promise<number> {
  const [row] = await database.run(countHoldsStatement);
  return row?.holds ?? 0;
}
