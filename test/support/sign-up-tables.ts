import type { EmptyDatabase } from './empty-database.ts';
import type { Attempt } from './sign-up-journal.ts';

/** What the tables say about sign-ups. */
export interface SignUpTables {
  /** In the order of their ids. */
  readonly users: readonly StoredUser[];
  readonly invitations: readonly StoredInvitation[];
  /** Session ids of the receipts. */
  readonly receipts: readonly string[];
  /** Ids of the sessions that are there. */
  readonly sessions: readonly string[];
}

export interface StoredUser {
  readonly id: number;
  readonly name: string;
  readonly birthday: string;
  readonly phone: string;
  readonly code: string;
}

export interface StoredInvitation {
  readonly code: string;
  readonly max_uses: number;
  readonly use_count: number;
  readonly is_used: boolean;
  /** Users that exist. */
  readonly users: number;
}

/** A sentence with those whom it is about. */
export interface Disagreement {
  readonly what: string;
  readonly about: unknown;
}

export async function readTables(query: EmptyDatabase['query']): Promise<SignUpTables> {
  const idsOf = async (sql: string) => (await query<{ id: string }>(sql)).map((row) => row.id);
  return {
    users: await query<StoredUser>(
      'SELECT u.id, u.name, u.birthday, u.phone, i.code FROM "User" u JOIN "Invitation" i ON i.id = u."invitationId" ORDER BY u.id',
    ),
    invitations: await query<StoredInvitation>(
      `SELECT i.code, i.max_uses, i.use_count, i.is_used, count(u.id)::integer AS users
       FROM "Invitation" i LEFT JOIN "User" u ON u."invitationId" = i.id GROUP BY i.id`,
    ),
    receipts: await idsOf('SELECT session_id AS id FROM registration_receipts ORDER BY 1'),
    sessions: await idsOf('SELECT "sessionId" AS id FROM "RegisterSession"'),
  };
}

/** Compares a settled journal with the tables, both ways. */
export function findDisagreements(tables: SignUpTables, attempts: readonly Attempt[]): Disagreement[] {
  return [...wrongUsers(tables, attempts), ...wrongSeats(tables), ...wrongSessions(tables, attempts), ...wrongEnds(tables, attempts)];
}

function wrongUsers({ users }: SignUpTables, attempts: readonly Attempt[]): Disagreement[] {
  const expected = attempts.flatMap(({ userId, person: { name, birthday, phone }, code }) =>
    userId === undefined ? [] : [JSON.stringify([userId, name, birthday, phone, code])],
  );
  const stored = users.map(({ id, name, birthday, phone, code }) => JSON.stringify([id, name, birthday, phone, code]));
  return [
    ...found('users that were acknowledged and are gone', without(expected, stored)),
    ...found('users that no answer reported', without(stored, expected)),
  ];
}

function wrongSeats({ invitations }: SignUpTables): Disagreement[] {
  const wrong = invitations.filter(
    ({ max_uses, use_count, is_used, users }) => use_count !== users || is_used !== users >= max_uses || users > max_uses,
  );
  return found('invitations whose seats and users do not agree', wrong);
}

function wrongSessions({ receipts, sessions }: SignUpTables, attempts: readonly Attempt[]): Disagreement[] {
  const finished = attempts.flatMap(({ userId, sessionId }) => (userId === undefined ? [] : [sessionId ?? 'a user without a session']));
  const alive = new Set(sessions);
  const robbed = attempts.filter(
    ({ refusal, closing, sessionId }) =>
      refusal !== undefined && !closing.has('expired') && sessionId !== undefined && !alive.has(sessionId),
  );
  return [
    ...found('completed sessions without their receipt', without(finished, receipts)),
    ...found('receipts of sessions that were not completed', without(receipts, finished)),
    ...found(
      'sessions that outlived their completion',
      finished.filter((id) => alive.has(id)),
    ),
    ...found('refused people whose session is gone', robbed),
  ];
}

function wrongEnds({ invitations }: SignUpTables, attempts: readonly Attempt[]): Disagreement[] {
  const usedUp = new Set(invitations.filter((invitation) => invitation.is_used).map(({ code }) => code));
  const isJust = ({ refusal = '', code, closing }: Attempt) =>
    (refusal.endsWith('410 invitation_used') && usedUp.has(code)) ||
    (refusal.endsWith('410 invitation_revoked') && closing.has('revoked')) ||
    (refusal.endsWith('404 session_not_found') && closing.has('expired'));
  return [
    ...found(
      'people who can neither complete nor are refused',
      attempts.filter(({ asked, userId, refusal }) => asked.size > 0 && userId === undefined && refusal === undefined),
    ),
    ...found(
      'refused people who had every right to a seat',
      attempts.filter((attempt) => attempt.refusal !== undefined && !isJust(attempt)),
    ),
    ...found(
      'people who became users after their code was revoked or their session had expired',
      attempts.filter(({ isLate, userId }) => isLate && userId !== undefined),
    ),
  ];
}

function found(what: string, about: readonly unknown[]): Disagreement[] {
  return about.length > 0 ? [{ what, about }] : [];
}

/** @returns the items of one list that are missing from the other, counting duplicates. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return all.filter((one) => {
    const place = left.indexOf(one);
    if (place === -1) return true;
    left.splice(place, 1);
    return false;
  });
}
