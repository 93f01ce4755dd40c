import type { TestDatabase } from './database.ts';

type Row = Readonly<Record<string, unknown>>;

/** Every row of every table that the service writes, by table and key. */
export type Stored = Readonly<Record<string, Readonly<Record<string, Row>>>>;

const keys: Readonly<Record<string, string>> = {
  Invitation: 'id::text',
  RegisterSession: '"sessionId"',
  User: 'id::text',
  registration_receipts: 'session_id',
  registration_attempts: 'attempt::text',
  campaigns: 'name',
  operator_keys: 'id::text',
  audit_log: 'id::text',
  idempotency_keys: `operator_id || ' ' || key`,
};

const tableAsJson = ([table, key]: [string, string]) =>
  `'${table}', (SELECT coalesce(jsonb_object_agg(${key}, to_jsonb(t)), '{}') FROM "${table}" t)`;
const everythingAsJson = `SELECT jsonb_build_object(${Object.entries(keys).map(tableAsJson).join(', ')}) AS stored`;

/** Reads everything at one moment. For small tables. */
export async function readStored({ query }: Pick<TestDatabase, 'query'>): Promise<Stored> {
  const [row] = await query<{ stored: Stored }>(everythingAsJson);
  return row?.stored ?? {};
}

/** @returns what differs, each kind once, sorted: `+User` (a new row), `-User` (a row gone), `User.name` (a changed cell). */
export function changesBetween(before: Stored, after: Stored): string[] {
  const changes = new Set<string>();
  for (const table of Object.keys(keys)) {
    const [was = {}, is = {}] = [before[table], after[table]];
    for (const key of Object.keys(is)) if (!Object.hasOwn(was, key)) changes.add(`+${table}`);
    for (const [key, row] of Object.entries(was)) {
      const now = is[key];
      if (now === undefined) changes.add(`-${table}`);
      else
        for (const column of Object.keys(row))
          if (JSON.stringify(row[column]) !== JSON.stringify(now[column])) changes.add(`${table}.${column}`);
    }
  }
  return [...changes].sort();
}
