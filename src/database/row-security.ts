import { getTableName } from 'drizzle-orm';
import {
  auditLog,
  campaigns,
  idempotencyKeys,
  invitations,
  operatorKeys,
  rateLimits,
  registerSessions,
  registrationAttempts,
  registrationReceipts,
  users,
} from './schema.ts';
import type { Query } from './schema-state.ts';

/** Every table of this program; a test compares it with the schema. */
export const ownTables = [
  invitations,
  registerSessions,
  users,
  registrationReceipts,
  registrationAttempts,
  campaigns,
  operatorKeys,
  auditLog,
  idempotencyKeys,
  rateLimits,
].map((table) => getTableName(table));

/**
 * Supabase serves every table and function of `public` through an automatic REST API to these two roles, for every client with the project's public
 * key, unless row level security is on.
 */
const restRoles = `('anon', 'authenticated')`;

/** Our tables as far as they exist, with the sequences that belong to their columns. */
const ownRelations = `
  SELECT own.name, relation.oid, relation.relrowsecurity, sequences.oids AS sequences
  FROM (VALUES ${ownTables.map((table) => `('${table}')`).join(', ')}) AS own (name)
  JOIN pg_class relation ON relation.oid = to_regclass(quote_ident(own.name))
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(sequence.oid), '{}') AS oids
    FROM pg_depend JOIN pg_class sequence ON sequence.oid = objid AND sequence.relkind = 'S'
    WHERE refobjid = relation.oid AND deptype = 'a'
  ) AS sequences`;

/** Our functions: each begins with the name of the program. */
const ownFunctions = `SELECT oid, oid::regprocedure::text AS name, proname FROM pg_proc WHERE proname LIKE 'chodae\\_%' AND pg_function_is_visible(oid)`;

/** What Supabase's automatic REST API can reach. */
interface Reach {
  readonly name: string;
  /** By a right of the roles themselves or of PUBLIC, or because row level security is off: `closeTablesToRestRoles` closes it. */
  readonly closable: boolean;
}

/** A right in `acl` that the roles themselves have, or everybody. */
const heldBy = (acl: string) =>
  `EXISTS (SELECT FROM aclexplode(${acl}) AS granted WHERE grantee = 0 OR grantee IN (SELECT oid FROM pg_roles WHERE rolname IN ${restRoles}))`;

/** Whether a role has any right on a table `own`, by itself or through others. */
const anyRight = (role: string) =>
  `(has_table_privilege(${role}, own.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
     OR has_any_column_privilege(${role}, own.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
     OR EXISTS (SELECT FROM unnest(own.sequences) AS sequence WHERE has_sequence_privilege(${role}, sequence, 'USAGE, SELECT, UPDATE')))`;

/** Any right at all counts: by TRIGGER and REFERENCES, which PostgreSQL grants with ALL, a role can hang its own code or keys on a table. */
async function reachOfRestRoles(query: Query): Promise<Reach[]> {
  return query<Reach>(`
    SELECT name, bool_or(closable) AS closable FROM (
      SELECT own.name,
        NOT own.relrowsecurity OR ${heldBy('relation.relacl')}
          OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = own.oid AND ${heldBy('attacl')})
          OR EXISTS (SELECT FROM pg_class sequence WHERE sequence.oid = ANY (own.sequences) AND ${heldBy('sequence.relacl')}) AS closable,
        ${anyRight('role.oid')} AS inherited
      FROM (${ownRelations}) AS own JOIN pg_class relation USING (oid) JOIN pg_roles role ON role.rolname IN ${restRoles}
      UNION ALL
      SELECT own.proname, ${heldBy("coalesce(pg_proc.proacl, acldefault('f', pg_proc.proowner))")}, has_function_privilege(role.oid, own.oid, 'EXECUTE')
      FROM (${ownFunctions}) AS own JOIN pg_proc USING (oid) JOIN pg_roles role ON role.rolname IN ${restRoles}
    ) AS reached
    WHERE closable OR inherited GROUP BY name ORDER BY name`);
}

/** What Supabase's automatic REST API can reach of ours. */
export interface RestExposure {
  /** Tables and functions; none where Supabase's roles do not exist. */
  readonly open: readonly string[];
  /** Those that the next migration closes. */
  readonly closable: readonly string[];
  /** SQL for what it cannot close: rights that a role has as a member of another one, or as a superuser. */
  readonly remedies: readonly string[];
}

/** Looks at tables, their columns and sequences, and functions. */
export async function exposureToRestRoles(query: Query): Promise<RestExposure> {
  const reached = await reachOfRestRoles(query);
  const open = reached.map(({ name }) => name);
  const closable = reached.filter((one) => one.closable).map(({ name }) => name);
  // Closed first: what everybody may do other roles may do, too.
  if (open.length === closable.length) return { open, closable, remedies: [] };
  const remedies = await query<{ sql: string }>(`
    SELECT 'ALTER ROLE ' || quote_ident(rolname) || ' NOSUPERUSER;' AS sql FROM pg_roles WHERE rolname IN ${restRoles} AND rolsuper
    UNION
    SELECT 'REVOKE ' || quote_ident(parent.rolname) || ' FROM ' || quote_ident(role.rolname) || ';'
    FROM pg_roles role JOIN pg_auth_members ON member = role.oid JOIN pg_roles parent ON parent.oid = roleid
    WHERE role.rolname IN ${restRoles} AND pg_has_role(role.oid, parent.oid, 'USAGE') AND (
      EXISTS (SELECT FROM (${ownRelations}) AS own WHERE ${anyRight('parent.oid')})
      OR EXISTS (SELECT FROM (${ownFunctions}) AS own WHERE has_function_privilege(parent.oid, own.oid, 'EXECUTE')))
    ORDER BY 1`);
  return { open, closable, remedies: remedies.map(({ sql }) => sql) };
}

/**
 * Turns row level security on and takes those roles' rights away, only where the roles exist. The owner of the tables, which the service
 * connects as, is not subject to row level security.
 * @returns the tables and functions that were open before and no longer are.
 */
export async function closeTablesToRestRoles(query: Query): Promise<string[]> {
  const { open, closable } = await exposureToRestRoles(query);
  if (closable.length === 0) return [];
  const roles = await query<{ name: string }>(`SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname IN ${restRoles}`);
  // Everybody includes those two; without this, what PUBLIC may do (execute a function, by default) they still could.
  const everybody = ['PUBLIC', ...roles.map((role) => role.name)].join(', ');
  const relations = await query<{ name: string; sequences: string[] }>(
    `SELECT name, ARRAY(SELECT sequence::regclass::text FROM unnest(sequences) AS sequence) AS sequences FROM (${ownRelations}) AS own`,
  );
  for (const { name, sequences } of relations.filter((relation) => closable.includes(relation.name))) {
    await query(`ALTER TABLE "${name}" ENABLE ROW LEVEL SECURITY`);
    await query(`REVOKE ALL ON TABLE "${name}" FROM ${everybody}`);
    for (const sequence of sequences) await query(`REVOKE ALL ON SEQUENCE ${sequence} FROM ${everybody}`);
  }
  for (const { name } of await query<{ name: string }>(ownFunctions)) await query(`REVOKE ALL ON FUNCTION ${name} FROM ${everybody}`);
  const after = await exposureToRestRoles(query);
  return open.filter((name) => !after.open.includes(name));
}

/**
 * @returns whether row level security hides rows of ours from the role that asks; then the service would find no invitation at all.
 *   A role with policies of its own sees what they let it see.
 */
export async function rowsHiddenFromUs(query: Query): Promise<boolean> {
  const [row] = await query<{ hidden: boolean }>(`
    SELECT EXISTS (
      SELECT FROM (${ownRelations}) AS own
      WHERE row_security_active(own.oid) AND NOT EXISTS (
        SELECT FROM pg_policy, unnest(polroles) AS member WHERE polrelid = own.oid AND (member = 0 OR pg_has_role(member, 'USAGE'))
      )
    ) AS hidden`);
  return row?.hidden ?? false;
}

/** @returns what the role that asks lacks of the rights that the service needs, such as `INSERT on "User"`; nothing is told of tables that do not exist yet. */
export async function missingRights(query: Query): Promise<string[]> {
  const rows = await query<{ lacking: string }>(`
    SELECT wanted.privilege || ' on ' || quote_ident(own.name) AS lacking
    FROM (${ownRelations}) AS own, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS wanted (privilege)
    WHERE NOT has_table_privilege(own.oid, wanted.privilege)
    UNION ALL
    SELECT 'USAGE on ' || sequence::regclass FROM (${ownRelations}) AS own, unnest(own.sequences) AS sequence
    WHERE NOT has_sequence_privilege(sequence, 'USAGE')
    UNION ALL
    SELECT 'EXECUTE on ' || own.name FROM (${ownFunctions}) AS own WHERE NOT has_function_privilege(own.oid, 'EXECUTE')`);
  return rows.map((row) => row.lacking);
}

/**
 * @returns what the role that asks lacks to make or change tables and the list of migrations, such as `CREATE on schema public`. From PostgreSQL 15 on
 *   only the owner of a database may create in `public` unless it was granted.
 */
export async function missingMigrationRights(query: Query): Promise<string[]> {
  const rows = await query<{ lacking: string }>(`
    SELECT 'CREATE on schema ' || quote_ident(current_schema()) AS lacking WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
    UNION ALL
    SELECT 'CREATE on database ' || quote_ident(current_database())
    WHERE (current_schema() IS NULL OR (current_schema() = 'public' AND to_regnamespace('drizzle') IS NULL))
      AND NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT 'ownership of ' || quote_ident(own.name) FROM (${ownRelations}) AS own JOIN pg_class USING (oid) WHERE NOT pg_has_role(relowner, 'USAGE')`);
  return rows.map((row) => row.lacking);
}
