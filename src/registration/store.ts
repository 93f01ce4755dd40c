import { type Database, type Statement, statement } from '../database/database.ts';
import type { Deadline } from '../deadline.ts';
import { type InvitationState, lockCampaign, stateOf, stillOpen, takeOneSeat, usedSeats } from '../invitations/availability.ts';
import { codeLookUp, meantInvitation } from '../invitations/code-look-up.ts';
import { completingStep, type Step, type StepValues, stepsBeforeLast } from './steps.ts';

/**
 * The statements of signing up. Statements that need a session together with its invitation or user are all here, one round trip each,
 * so that each decision has one snapshot. The database's clock decides every expiry. Arguments are cast and polymorphic functions are
 * schema-qualified, because a function of the same name in our schema could otherwise be a better match (CVE-2018-1058).
 */

const quoted = (column: string) => `"${column}"`;
const allFilled = (row: string, step: Step) => step.columns.map((column) => `${row}.${quoted(column)} IS NOT NULL`).join(' AND ');
/**
 * @param row the alias of "RegisterSession" in the statement.
 * @returns SQL for the names of the steps that are stored.
 */
export const completedSteps = (row: string) =>
  `pg_catalog.array_remove(ARRAY[${stepsBeforeLast.map((step) => `CASE WHEN ${allFilled(row, step)} THEN '${step.name}' END`).join(', ')}]::text[], NULL)`;

const momentOf = (step: Step) => quoted(`${step.name}_at`);
/** The columns of "RegisterSession" and `registration_attempts` that say when each step was first stored. */
export const stepMoments = stepsBeforeLast.map(momentOf);

/**
 * SQL that keeps what the funnel needs of sign-ups that end. Sessions without a network were not opened by this program, and are not counted.
 * @param sessions a FROM list; one item is `session`, a row of "RegisterSession".
 * @param endedAt SQL.
 */
export const keepAttempts = (sessions: string, outcome: 'completed' | 'abandoned' | 'expired', endedAt = 'now()') =>
  `INSERT INTO registration_attempts (attempt, invitation_id, verified_at, ${stepMoments.join(', ')}, ended_at, outcome)
   SELECT session.attempt, session."invitationId", session.created_at, ${stepMoments.map((moment) => `session.${moment}`).join(', ')}, ${endedAt}, '${outcome}'
   FROM ${sessions} WHERE session.network_key IS NOT NULL ON CONFLICT DO NOTHING`;
/** Whether a session has stored no step. */
const nothingStored = (row: string) => `pg_catalog.cardinality(${completedSteps(row)}) = 0`;

/** In the order in which the statements have them. */
const valuesOf = (step: Step, columns: StepValues['columns']) => step.columns.map((column) => columns[column]);

export interface VerifiedInvitation {
  readonly id: number;
  readonly state: InvitationState;
  readonly several_seats: boolean;
  readonly starts_at: Date | null;
  readonly phone_bound: boolean;
  /** Set if a session was opened. */
  readonly session_expires_at: Date | null;
  /** Seconds until the network's oldest live session on a single-seat invitation ends; NULL if it has none. */
  readonly seconds_until_oldest_ends: number | null;
}

/**
 * SQL for `network_key`: a network has a different key on each invitation.
 * @param network SQL for what `NewSession.network` holds.
 */
const networkKey = (invitationId: string, network: string) =>
  `left(encode(sha256(convert_to(${invitationId}::text || ':' || ${network}::text, 'UTF8'::name)), 'hex'), 16)`;

/**
 * The network's live sessions are counted in the statement's snapshot, so concurrent verifications may exceed the limit by as many as
 * there are connections to the database. They are counted per invitation (LATERAL, the expiry not in WHERE), so that PostgreSQL can only use the
 * index on "invitationId": where one code had most of the sign-ups under way, it read all of them at each verification of any code.
 * @param isMeant SQL: whether `i` is the invitation.
 */
function openSessionStatement(name: string, isMeant: string): Statement<VerifiedInvitation> {
  return statement(
    name,
    `WITH invitation AS MATERIALIZED (
       SELECT i.id, ${stateOf('i')} AS state, i.max_uses > 1 AS several_seats, i.starts_at, i.phone IS NOT NULL AS phone_bound,
         ${networkKey('i.id', '$4')} AS network_key, own.sessions, own.oldest_ends_at
       FROM "Invitation" i CROSS JOIN LATERAL (
         SELECT count(*) FILTER (WHERE s.expires_at > now()) AS sessions, min(s.expires_at) FILTER (WHERE s.expires_at > now()) AS oldest_ends_at
         FROM "RegisterSession" s WHERE s."invitationId" = i.id AND i.max_uses = 1 AND s.network_key = ${networkKey('i.id', '$4')}
       ) own WHERE ${isMeant}
     ), opened AS (
       INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at, network_key)
       SELECT $2, id, now() + make_interval(secs => $3::double precision), network_key FROM invitation
       WHERE state = 'usable' AND NOT several_seats AND (sessions < $5::integer) IS NOT FALSE
       RETURNING expires_at
     )
     SELECT id, state, several_seats, starts_at, phone_bound, opened.expires_at AS session_expires_at,
       extract(epoch FROM oldest_ends_at - now())::double precision AS seconds_until_oldest_ends
     FROM invitation LEFT JOIN opened ON true`,
  );
}
const openExactStatement = openSessionStatement('registration_open_session', 'i.code = $1');
const openAlikeStatement = openSessionStatement(
  'registration_open_session_alike',
  `i.id = ${meantInvitation({ typed: '$1', plain: '$6', grouped: '$7' })}`,
);

/** A session to open. */
export interface NewSession {
  readonly sessionId: string;
  /** A keyed hash of the client's network. */
  readonly network: string;
  /** Lifetime in seconds. */
  readonly lifeSeconds: number;
}

/**
 * Looks a code up and, if it is a usable single-seat invitation, opens a session on it, in one statement. Such a session holds no seat. Only a
 * code that no invitation has exactly costs a second statement, for other spellings: with both in one, a bare server answered 5,100 a
 * second instead of 6,600.
 * @param code as typed.
 * @param mostSessions live sessions allowed per network on the invitation. Undefined: unlimited.
 * @returns undefined: no such code. A usable single-seat invitation without `session_expires_at`: the network already has `mostSessions`.
 */
export async function openSession(
  database: Pick<Database, 'run'>,
  code: string,
  { sessionId, network, lifeSeconds }: NewSession,
  mostSessions: number | undefined,
  deadline: Deadline,
): Promise<VerifiedInvitation | undefined> {
  const values = [code, sessionId, lifeSeconds, network, mostSessions ?? null];
  const [exact] = await database.run(openExactStatement, values, deadline);
  if (exact) return exact;
  const { plain, grouped } = codeLookUp(code);
  const [alike] = await database.run(openAlikeStatement, [...values, plain, grouped], deadline);
  return alike;
}

export interface SeatSession {
  /** Set if a seat was free: it is held until then. */
  readonly session_expires_at: Date | null;
  /** If every seat is held: when the next one may become free; NULL if no session holds one. */
  readonly seat_free_at: Date | null;
}

const openSeatSessionStatement = statement<SeatSession>(
  'registration_open_seat_session',
  `SELECT session_expires_at, seat_free_at
   FROM chodae_hold_seat($1::integer, $2::text, $3::double precision, ${networkKey('$1::integer', '$4')})`,
);

/**
 * Opens a session that holds one of several seats. If all are held, it may take over the seat of a session without a stored step: see the
 * migration that creates the function.
 * @returns undefined: the invitation is no longer usable.
 */
export async function openSeatSession(
  database: Database,
  invitationId: number,
  { sessionId, network, lifeSeconds }: NewSession,
  deadline: Deadline,
): Promise<SeatSession | undefined> {
  const values = [invitationId, sessionId, lifeSeconds, network];
  const [row] = await database.runQueued(invitationRow(invitationId), openSeatSessionStatement, values, deadline);
  return row;
}

export interface SessionProgress {
  readonly expires_at: Date;
  readonly completed_steps: readonly string[];
}

function saveStepStatement(step: Step): Statement<SessionProgress> {
  const assignments = step.columns.map((column, index) => `${quoted(column)} = $${index + 3}`).join(', ');
  return statement(
    `registration_save_${step.name}`,
    `UPDATE "RegisterSession" s
     SET ${assignments}, first_step_at = COALESCE(s.first_step_at, now()), ${momentOf(step)} = COALESCE(s.${momentOf(step)}, now()),
       expires_at = LEAST(now() + make_interval(secs => $2::double precision), s.created_at + interval '24 hours')
     FROM "Invitation" i
     WHERE s."sessionId" = $1 AND s.expires_at > now() AND i.id = s."invitationId" AND ${stillOpen('i')}
     RETURNING s.expires_at, ${completedSteps('s')} AS completed_steps`,
  );
}
const saveStepStatements = new Map(stepsBeforeLast.map((step) => [step.name, saveStepStatement(step)]));

/**
 * Stores what one step brought and renews the session, 24 hours after its start at most.
 * @param columns a value for each of the step's columns.
 * @returns undefined: refused; `readSession` tells why.
 */
export async function saveStep(
  database: Database,
  step: Step,
  sessionId: string,
  lifeSeconds: number,
  columns: StepValues['columns'],
  deadline: Deadline,
): Promise<SessionProgress | undefined> {
  const save = saveStepStatements.get(step.name);
  if (!save) throw new Error(`the step ${step.name} is not saved on its own`);
  const [row] = await database.run(save, [sessionId, lifeSeconds, ...valuesOf(step, columns)], deadline);
  return row;
}

const renewSessionStatement = statement<SessionProgress>(
  'registration_renew_session',
  `UPDATE "RegisterSession" s
   SET expires_at = GREATEST(s.expires_at, LEAST(s.created_at + interval '24 hours',
     now() + make_interval(secs => CASE WHEN i.max_uses > 1 AND ${nothingStored('s')} THEN $3::double precision ELSE $2::double precision END)))
   FROM "Invitation" i
   WHERE s."sessionId" = $1 AND s.expires_at > now() AND i.id = s."invitationId" AND ${stillOpen('i')}
     AND (i.max_uses = 1 OR NOT ${nothingStored('s')} OR i.max_uses - (${usedSeats('i')}) > (
       SELECT count(*) FROM "RegisterSession" held WHERE held."invitationId" = i.id AND held.expires_at > now() - interval '10 seconds'))
   RETURNING s.expires_at, ${completedSteps('s')} AS completed_steps`,
);

/**
 * Renews a live session without a step, 24 hours after its start at most, and never shortens it. While it has stored nothing and holds one of
 * several seats, it is renewed only if another seat is free. Counting needs no lock: a seat that is taken meanwhile was taken after the renewal,
 * and the session keeps the seat that it already holds.
 * @param lifeSeconds of a session with a stored step, or on a single-seat invitation.
 * @param holdSeconds of the others.
 * @returns undefined: refused; `readSession` tells why.
 */
export async function renewSession(
  database: Database,
  sessionId: string,
  { lifeSeconds, holdSeconds }: { readonly lifeSeconds: number; readonly holdSeconds: number },
  deadline: Deadline,
): Promise<SessionProgress | undefined> {
  const [row] = await database.run(renewSessionStatement, [sessionId, lifeSeconds, holdSeconds], deadline);
  return row;
}

export interface SessionState {
  /** NULL: no live session. */
  readonly expires_at: Date | null;
  readonly completed_steps: readonly string[];
  readonly still_open: boolean | null;
  readonly state: InvitationState;
  /** E.164, if the invitation is bound to a phone number. */
  readonly invited_phone: string | null;
  /** Set if the session was completed less than 24 hours ago: the user it created, and the phone as typed. */
  readonly user_id: number | null;
  readonly user_phone: string | null;
}

const readSessionStatement = statement<SessionState>(
  'registration_read_session',
  `SELECT s.expires_at, ${completedSteps('s')} AS completed_steps, ${stillOpen('i')} AS still_open, ${stateOf('i')} AS state,
     i.phone AS invited_phone, u.id AS user_id, u.phone AS user_phone
   FROM (VALUES ($1::text)) AS asked (id)
   LEFT JOIN "RegisterSession" s ON s."sessionId" = asked.id AND s.expires_at > now()
   LEFT JOIN "Invitation" i ON i.id = s."invitationId"
   LEFT JOIN registration_receipts r ON r.session_id = asked.id AND r.completed_at > now() - interval '24 hours'
   LEFT JOIN "User" u ON u.id = r.user_id`,
);

/** What we know about a session id: a live session, a receipt, or nothing (then `expires_at` and `user_id` are both NULL). */
export async function readSession(database: Database, sessionId: string, deadline: Deadline): Promise<SessionState> {
  const [row] = await database.run(readSessionStatement, [sessionId], deadline);
  if (!row) throw new Error('the statement gives one row whatever it is asked');
  return row;
}

const carriedColumns = stepsBeforeLast.flatMap((step) => step.columns);
const lastColumns = completingStep.columns;
const parameterOf = (index: number) => `$${index + 4}`;

/**
 * Completes a sign-up in one statement. It locks the session first, so a second completion of the same session finds it gone. Then it
 * locks the campaign, so that it cannot be revoked between the check and the commit; if the invitation moved to another campaign before
 * the claim, the caller tries again. The guarded UPDATE decides who gets the seat; a user id is drawn from the sequence only if it
 * succeeds. The DELETE depends on the inserted user, so a refused person keeps the session. Wrong in 0 of 200 rounds of 32 repeats of
 * one session, and of 32 sessions on five seats.
 */
const completeStatement = statement<{ user_id: number }>(
  'registration_complete',
  `WITH session AS (
     SELECT s.*, (SELECT i.campaign FROM "Invitation" i WHERE i.id = s."invitationId") AS campaign_seen FROM "RegisterSession" s
     WHERE s."sessionId" = $1 AND s.expires_at > now() AND ${stepsBeforeLast.map((step) => allFilled('s', step)).join(' AND ')}
     FOR UPDATE
   ), campaign AS (
     ${lockCampaign('session', 'session."invitationId"')}
   ), claim AS (
     UPDATE "Invitation" i SET ${takeOneSeat('i', `nextval(pg_get_serial_sequence('"User"', 'id')::regclass)::integer`)}
     FROM session
     WHERE i.id = session."invitationId" AND ${stillOpen('i')} AND (i.phone IS NULL OR i.phone = $2)
       AND NOT EXISTS (SELECT FROM campaign WHERE revoked_at IS NOT NULL) AND i.campaign IS NOT DISTINCT FROM session.campaign_seen
     RETURNING i.id AS invitation_id, i.used_by AS user_id
   ), created AS (
     INSERT INTO "User" (id, ${[...carriedColumns, ...lastColumns].map(quoted).join(', ')}, "invitationId", phone_key)
     SELECT claim.user_id, ${carriedColumns.map((column) => `session.${quoted(column)}`).join(', ')},
       ${lastColumns.map((_, index) => `${parameterOf(index)}::text`).join(', ')}, claim.invitation_id, $3::text
     FROM session, claim
     RETURNING id
   ), receipt AS (
     INSERT INTO registration_receipts (session_id, user_id) SELECT $1, id FROM created
   ), attempt AS (
     ${keepAttempts('session, created', 'completed')}
   ), finished AS (
     DELETE FROM "RegisterSession" s USING created WHERE s."sessionId" = $1
   )
   SELECT id AS user_id FROM created`,
);

const invitationOfStatement = statement<{ id: number }>(
  'registration_invitation_of',
  'SELECT "invitationId" AS id FROM "RegisterSession" WHERE "sessionId" = $1',
);

/** The row that every claim of a seat locks. */
const invitationRow = (id: number) => `invitation ${id}`;

/**
 * Takes the seat, makes the user, writes the receipt and the attempt, and deletes the session: all or nothing.
 * @param e164 the phone number in E.164, compared with the one that the invitation is bound to.
 * @param phoneKey the same where one account per phone is on, else null.
 * @param columns a value for each column of the completing step.
 * @returns the new user's id; undefined: refused, `readSession` tells why.
 * @throws the driver's error with SQLSTATE 23505 on `User_phone_key_key` if the number is taken.
 */
export async function completeSession(
  database: Database,
  sessionId: string,
  e164: string,
  phoneKey: string | null,
  columns: StepValues['columns'],
  deadline: Deadline,
): Promise<number | undefined> {
  const invitation = async () => {
    const [found] = await database.run(invitationOfStatement, [sessionId], deadline);
    return found ? invitationRow(found.id) : `session ${sessionId}`;
  };
  const values = [sessionId, e164, phoneKey, ...valuesOf(completingStep, columns)];
  const [row] = await database.runQueued(invitation, completeStatement, values, deadline);
  return row?.user_id;
}

const deleteSessionStatement = statement<{ deleted: number }>(
  'registration_delete_session',
  `WITH session AS (
     DELETE FROM "RegisterSession" WHERE "sessionId" = $1 AND expires_at > now() RETURNING *
   ), attempt AS (
     ${keepAttempts('session', 'abandoned')}
   )
   SELECT count(*) AS deleted FROM session`,
);

/**
 * Deletes a live session and all its data.
 * @returns false if there was none.
 */
export async function deleteSession(database: Database, sessionId: string, deadline: Deadline): Promise<boolean> {
  const [row] = await database.run(deleteSessionStatement, [sessionId], deadline);
  return row?.deleted === 1;
}
