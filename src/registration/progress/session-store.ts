import { type Queryable, statement } from '../../database/database.ts';
import { withoutStep } from '../../invitations/availability.ts';
import { completedSteps } from '../store.ts';

/** Rows that one page examines, shown or not, so that no filter makes a page slow. */
const rowsLookedAt = 5_000;

/** A position in the list: when the session began, in microseconds since 1970, and its attempt. */
export type SessionKey = readonly [microseconds: number, attempt: string];

export interface SessionFilter {
  readonly campaign: string | undefined;
  readonly invitationId: number | undefined;
}

export interface LiveSession {
  readonly attempt: string;
  readonly invitation_id: number;
  readonly campaign: string | null;
  readonly started_at: Date;
  readonly expires_at: Date;
  readonly completed_steps: readonly string[];
  readonly place: number;
}

interface SessionRow extends LiveSession {
  /** The position of the last row examined; NULL: there are no more rows. */
  readonly edge_place: number | null;
  readonly edge_attempt: string | null;
}

const place = (row: string) => `(extract(epoch FROM ${row}.created_at) * 1000000)::bigint`;

const listStatement = statement<SessionRow | { readonly [column in keyof SessionRow]: null }>(
  'registration_list_sessions',
  `WITH looked_at AS MATERIALIZED (
     SELECT s.* FROM "RegisterSession" s
     WHERE (s.created_at, s.attempt) < (COALESCE('epoch'::timestamptz + $1::float8 * interval '1 microsecond', 'infinity'), $2::uuid)
     ORDER BY s.created_at DESC, s.attempt DESC LIMIT $3
   ), edge AS (
     SELECT ${place('s')} AS edge_place, s.attempt AS edge_attempt FROM looked_at s
     WHERE (SELECT count(*) FROM looked_at) >= $3 ORDER BY s.created_at, s.attempt LIMIT 1
   ), shown AS (
     SELECT s.attempt, s."invitationId" AS invitation_id, i.campaign, s.created_at AS started_at, s.expires_at,
       ${completedSteps('s')} AS completed_steps, ${place('s')} AS place
     FROM looked_at s LEFT JOIN "Invitation" i ON i.id = s."invitationId"
     WHERE s.expires_at > now() AND ($4::text IS NULL OR i.campaign = $4) AND ($5::integer IS NULL OR s."invitationId" = $5)
     ORDER BY s.created_at DESC, s.attempt DESC LIMIT $6
   )
   SELECT * FROM (VALUES (1)) AS one (row) LEFT JOIN edge ON true LEFT JOIN shown ON true ORDER BY started_at DESC, attempt DESC`,
);

export interface SessionPage {
  readonly sessions: readonly LiveSession[];
  /** Where the next page begins. Undefined: this is the last page. */
  readonly next: SessionKey | undefined;
}

/**
 * The live sessions, newest first. A page may be short, even empty, although another one follows.
 * @param after where the previous page ended.
 */
export async function listSessions(
  database: Queryable,
  { campaign, invitationId }: SessionFilter,
  after: SessionKey | undefined,
  limit: number,
): Promise<SessionPage> {
  const [microseconds = null, attempt = 'ffffffff-ffff-ffff-ffff-ffffffffffff'] = after ?? [];
  // One row more than the page holds tells whether another page follows.
  const values = [microseconds, attempt, rowsLookedAt, campaign ?? null, invitationId ?? null, limit + 1];
  const rows = await database.run(listStatement, values);
  const found = rows.filter((row): row is SessionRow => row.attempt !== null);
  const sessions = found.slice(0, limit);
  const last = sessions.at(-1);
  if (found.length > limit && last) return { sessions, next: [last.place, last.attempt] };
  const [{ edge_place, edge_attempt } = { edge_place: null, edge_attempt: null }] = rows;
  return { sessions, next: edge_place === null ? undefined : [edge_place, edge_attempt ?? ''] };
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
  `WITH ended AS (
     DELETE FROM "RegisterSession" s WHERE s.attempt = $1::uuid AND s.expires_at > now() RETURNING s.*
   ), event AS (
     INSERT INTO registration_events (attempt, event, invitation_id) SELECT attempt, 'expired', "invitationId" FROM ended
     ON CONFLICT DO NOTHING
   )
   SELECT ended.attempt, ended."invitationId" AS invitation_id, ${completedSteps('ended')} AS completed_steps FROM ended`,
);

/**
 * Deletes a live session and all its data.
 * @returns undefined if there was none.
 */
export async function endSession(transaction: Queryable, attempt: string): Promise<EndedSession | undefined> {
  const [row] = await transaction.run(endStatement, [attempt]);
  return row;
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
