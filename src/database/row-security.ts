import { getTableName } from 'drizzle-orm';
import { invitations, registerSessions, registrationEvents, registrationReceipts, users } from './schema.ts';
import type { Query } from './schema-state.ts';

/** Every table of this program; a test compares it with the schema. */
export const ownTables = [invitations, registerSessions, users, registrationReceipts, registrationEvents].map((table) =>
  getTableName(table),
);

/**
 * Supabase serves every table of `public` through an automatic REST API to these two roles, to anybody who has the project's public key, unless
 * row level security is on.
 */
const restRoles = `('anon', 'authenticated')`;

/**
 * @returns the tables of ours that Supabase's automatic REST API can reach; none where its roles do not exist.
 *   A table counts as open where row level security is off or a role has any right on it.
 */
export async function tablesOpenToRestRoles(query: Query): Promise<string[]> {
  const names = ownTables.map((table) => `('${table}')`).join(', ');
  const rows = await query<{ name: string }>(`
    SELECT DISTINCT own.name
    FROM (VALUES ${names}) AS own (name)
    JOIN pg_class relation ON relation.oid = to_regclass(quote_ident(own.name))
    JOIN pg_roles role ON role.rolname IN ${restRoles}
    WHERE NOT relation.relrowsecurity OR has_table_privilege(role.oid, relation.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
    ORDER BY own.name`);
  return rows.map((row) => row.name);
}

/**
 * Turns row level security on and takes those roles' rights away, only where the roles exist. The owner of the tables, which the service
 * connects as, is not subject to row level security.
 * @returns the tables that were open before.
 */
export async function closeTablesToRestRoles(query: Query): Promise<string[]> {
  const open = await tablesOpenToRestRoles(query);
  if (open.length === 0) return open;
  const roles = await query<{ name: string }>(`SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname IN ${restRoles}`);
  const to = roles.map((role) => role.name).join(', ');
  for (const table of open) {
    await query(`ALTER TABLE "${table}" ENABLE ROW LEVEL SECURITY`);
    await query(`REVOKE ALL ON TABLE "${table}" FROM ${to}`);
  }
  for (const table of ['Invitation', 'User']) {
    const [sequence] = await query<{ name: string | null }>(`SELECT pg_get_serial_sequence('"${table}"', 'id') AS name`);
    if (sequence?.name) await query(`REVOKE ALL ON SEQUENCE ${sequence.name} FROM ${to}`);
  }
  await query(`REVOKE ALL ON FUNCTION chodae_open_seat_session FROM ${to}`);
  return open;
}

/** @returns whether row level security hides our rows from the role that asks; then the service would find no invitation at all. */
export async function rowsHiddenFromUs(query: Query): Promise<boolean> {
  const [row] = await query<{ hidden: boolean }>(`SELECT coalesce(row_security_active(to_regclass('"Invitation"')), false) AS hidden`);
  return row?.hidden ?? false;
}
