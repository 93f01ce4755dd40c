import assert from 'node:assert/strict';
import type { Application } from './application.ts';

type Row = Readonly<Record<string, unknown>>;

/** @returns the stored session with every column, or undefined. */
export async function storedSession({ query }: Application, sessionId: string): Promise<Row | undefined> {
  return (await query('SELECT * FROM "RegisterSession" WHERE "sessionId" = $1', [sessionId]))[0];
}

/** @returns when a session ends, as it is stored. */
export async function storedExpiry(application: Application, sessionId: string): Promise<Date> {
  const session = await storedSession(application, sessionId);
  assert.ok(session?.expires_at instanceof Date, 'there is no such session');
  return session.expires_at;
}

/** @returns the stored invitation with every column. */
export async function storedInvitation({ query }: Application, code: string): Promise<Row> {
  const [row] = await query('SELECT * FROM "Invitation" WHERE code = $1', [code]);
  assert.ok(row, 'there is no such invitation');
  return row;
}

/** @returns the stored user with every column. */
export async function storedUser({ query }: Application, id: number | undefined): Promise<Row> {
  const [row] = await query('SELECT * FROM "User" WHERE id = $1', [id]);
  assert.ok(row, 'there is no such user');
  return row;
}

/** @returns how many users came in by an invitation. */
export async function countUsersOf({ query }: Application, code: string): Promise<number> {
  const sql = 'SELECT count(*) AS users FROM "User" u JOIN "Invitation" i ON i.id = u."invitationId" WHERE i.code = $1';
  return (await query<{ users: number }>(sql, [code]))[0]?.users ?? 0;
}

/** @returns the names of all tables in which some column of some row holds the text, sorted. */
export async function tablesHolding({ query }: Application, text: string): Promise<string[]> {
  const tables = await query<{ tablename: string }>("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename");
  const holding: string[] = [];
  for (const { tablename } of tables) {
    const [row] = await query<{ rows: number }>(`SELECT count(*) AS rows FROM "${tablename}" t WHERE strpos(t::text, $1) > 0`, [text]);
    if (row && row.rows > 0) holding.push(tablename);
  }
  return holding;
}

/** @returns every row of the tables that a request might change, to compare before and after. */
export async function everything({ query }: Application): Promise<Record<string, Row[]>> {
  const tables = {
    Invitation: 'id',
    RegisterSession: '"sessionId"',
    User: 'id',
    registration_receipts: 'session_id',
    registration_attempts: 'attempt',
  };
  const rows: Record<string, Row[]> = {};
  for (const [table, key] of Object.entries(tables)) rows[table] = await query<Row>(`SELECT * FROM "${table}" ORDER BY ${key}`);
  return rows;
}
