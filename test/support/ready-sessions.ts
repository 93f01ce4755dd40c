import { randomBytes } from 'node:crypto';
import type { EmptyDatabase } from './empty-database.ts';

/** Sign-ups in which only the last step is missing, written by SQL: hashing a password for each racer would take most of the test's time. */

type Query = EmptyDatabase['query'];

/** What every prepared session has; the password is a hash that matches nothing. */
export const prepared = {
  name: '준비된 사람',
  password: `$2b$10$${'A'.repeat(53)}`,
  birthday: '1990-01-01',
} as const;

export interface InvitationRow {
  readonly id: number;
  readonly is_used: boolean;
  readonly use_count: number;
  readonly used_by: number | null;
}

/**
 * Makes an invitation.
 * @returns its id.
 */
export async function insertInvitation(query: Query, code: string, seats = 1): Promise<number> {
  const [row] = await query<{ id: number }>('INSERT INTO "Invitation" (code, max_uses) VALUES ($1, $2) RETURNING id', [code, seats]);
  return (row as { id: number }).id;
}

/** Fills in all steps but the last for sessions that `verify` opened. */
export async function fillIn(query: Query, sessionIds: readonly string[]): Promise<void> {
  const sql = 'UPDATE "RegisterSession" SET name = $2, password = $3, birthday = $4 WHERE "sessionId" = ANY ($1)';
  await query(sql, [sessionIds, prepared.name, prepared.password, prepared.birthday]);
}

/**
 * Makes sessions past `verify`, held seats or not, with all steps but the last.
 * @returns their ids.
 */
export async function insertReadySessions(query: Query, invitationId: number, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomBytes(16).toString('hex'));
  await query('INSERT INTO "RegisterSession" ("sessionId", "invitationId") SELECT id, $2 FROM unnest($1::text[]) AS made (id)', [
    ids,
    invitationId,
  ]);
  await fillIn(query, ids);
  return ids;
}

export async function readInvitation(query: Query, id: number): Promise<InvitationRow> {
  const [row] = await query<InvitationRow>('SELECT id, is_used, use_count, used_by FROM "Invitation" WHERE id = $1', [id]);
  return row as InvitationRow;
}

/** @returns the ids of an invitation's users, in order. */
export async function usersOf(query: Query, invitationId: number): Promise<number[]> {
  const rows = await query<{ id: number }>('SELECT id FROM "User" WHERE "invitationId" = $1 ORDER BY id', [invitationId]);
  return rows.map((row) => row.id);
}

/** @returns the ids of an invitation's remaining sessions with their stored values, in order. */
export async function readySessionsOf(query: Query, invitationId: number): Promise<string[]> {
  const sql = `SELECT "sessionId" AS id FROM "RegisterSession"
    WHERE "invitationId" = $1 AND name = $2 AND password = $3 AND birthday = $4 ORDER BY 1`;
  const rows = await query<{ id: string }>(sql, [invitationId, prepared.name, prepared.password, prepared.birthday]);
  return rows.map((row) => row.id);
}
