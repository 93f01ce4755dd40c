import pg from 'pg';
import { ownTables } from './row-security.ts';
import { type Query, SchemaError } from './schema-state.ts';

/** A way by which a role that is not trusted with our data runs code as our role, or owns what should be ours. */
export interface Opening {
  /** Such as `every role (PUBLIC) may create functions in the schema public`. */
  readonly what: string;
  /** The SQL that closes it. */
  readonly remedy: string;
  /** Our own role can close it: it may take from PUBLIC what it owns. */
  readonly closable: boolean;
  /** The role that can, beside a superuser. */
  readonly owner: string;
}

/**
 * `own` are our tables and the list of migrations. A role is a `stranger` unless it is a superuser or can become (`SET ROLE`) a role that is
 * trusted: ours, the owner of the database or of a schema that we use, and the owner of our tables.
 * A role that owns some of the tables only is not trusted: it may have made them before we came. Nor is the owner of a schema of our role's name,
 * which comes first on the search path by default: any role that may create schemas could have made it.
 */
function commonTables(schemas: readonly string[]): string {
  const [first = ''] = schemas;
  const named = (names: readonly string[]) => names.map((name) => pg.escapeLiteral(name)).join(', ');
  return `
    place AS (
      SELECT oid, nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace WHERE nspname IN (${named(schemas)})
    ),
    own AS (
      SELECT relation.oid, relname, relowner, relkind, relacl, nspname FROM pg_class relation JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND (
        nspname = ${pg.escapeLiteral(first)} AND relname IN (${named(ownTables)})
        OR nspname = ${pg.escapeLiteral(first === 'public' ? 'drizzle' : first)} AND relname = '__drizzle_migrations')
    ),
    us AS (SELECT oid, rolname, rolsuper FROM pg_roles WHERE rolname = current_user),
    trusted AS (
      SELECT oid FROM us
      UNION SELECT datdba FROM pg_database WHERE datname = current_database()
      UNION SELECT nspowner FROM place WHERE nspname <> current_user
      UNION SELECT relowner FROM own, us WHERE NOT us.rolsuper AND pg_has_role(us.oid, relowner, 'USAGE')
      UNION SELECT relowner FROM own GROUP BY relowner
        HAVING count(*) = (SELECT count(*) FROM own) AND bool_or(relname = '__drizzle_migrations')
    ),
    stranger AS (
      SELECT oid, rolname, rolcanlogin FROM pg_roles
      WHERE NOT rolsuper AND NOT EXISTS (SELECT FROM trusted WHERE pg_has_role(pg_roles.oid, trusted.oid, 'MEMBER'))
    )`;
}

/** Names in PostgreSQL's own schema, which an overload elsewhere can stand in front of (CVE-2018-1058), and ours. */
const isCalledByUs = `(proname LIKE 'chodae\\_%' OR proname IN (SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace))`;

/**
 * @param query with `pg_catalog` alone on its search path.
 * @param schemas in which our connections look for names; our tables are in the first.
 * @returns what has to be closed before any statement of ours may run; none: no stranger can stand between us and PostgreSQL.
 */
export async function findOpenings(query: Query, schemas: readonly string[]): Promise<Opening[]> {
  if (schemas.length === 0) return [];
  return query<Opening>(`
    WITH ${commonTables(schemas)}
    SELECT CASE grantee WHEN 0 THEN 'every role (PUBLIC)' ELSE 'the role ' || quote_ident(holder.rolname) END
        || CASE grantee WHEN nspowner THEN ' owns the schema ' ELSE ' may create functions in the schema ' END || quote_ident(nspname) AS what,
      CASE grantee WHEN nspowner THEN 'ALTER SCHEMA ' || quote_ident(nspname) || ' OWNER TO ' || quote_ident(current_user) || ';' ELSE
        'REVOKE CREATE ON SCHEMA ' || quote_ident(nspname) || ' FROM ' || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(holder.rolname) END || ';'
        || CASE WHEN grantee = 0 AND loses_create THEN ' GRANT CREATE ON SCHEMA ' || quote_ident(nspname) || ' TO ' || quote_ident(current_user) || ';'
           ELSE '' END END AS remedy,
      grantee = 0 AND pg_has_role(nspowner, 'USAGE') AS closable, pg_get_userbyid(nspowner)::text AS owner
    FROM place
      CROSS JOIN LATERAL aclexplode(acl) AS granted
      LEFT JOIN pg_roles holder ON holder.oid = grantee
      CROSS JOIN LATERAL (
        SELECT NOT pg_has_role(nspowner, 'USAGE')
          AND NOT EXISTS (SELECT FROM aclexplode(acl) AS mine WHERE mine.privilege_type = 'CREATE' AND mine.grantee <> 0 AND pg_has_role(mine.grantee, 'USAGE'))
          AND (NOT EXISTS (SELECT FROM own) OR EXISTS (SELECT FROM own WHERE pg_has_role(relowner, 'USAGE'))) AS loses_create
      ) AS rights
    WHERE privilege_type = 'CREATE' AND (grantee = 0
      OR EXISTS (SELECT FROM stranger WHERE rolcanlogin AND pg_has_role(stranger.oid, grantee, 'MEMBER')))
    UNION ALL
    SELECT 'the role ' || quote_ident(rolname) || ' owns the function ' || pg_proc.oid::regprocedure || ', which our statements may call',
      'DROP ROUTINE ' || pg_proc.oid::regprocedure || ';', false, pg_get_userbyid(nspowner)::text
    FROM pg_proc JOIN place ON place.oid = pronamespace JOIN stranger ON stranger.oid = proowner WHERE ${isCalledByUs}
    UNION ALL
    SELECT 'the role ' || quote_ident(rolname) || ' owns the operator ' || pg_operator.oid::regoperator || ', which our statements may use',
      'DROP OPERATOR ' || replace(pg_operator.oid::regoperator::text, '(', ' (') || ';', false, pg_get_userbyid(nspowner)::text
    FROM pg_operator JOIN place ON place.oid = oprnamespace JOIN stranger ON stranger.oid = oprowner
    WHERE oprname IN (SELECT oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace)
    UNION ALL
    SELECT 'the role ' || quote_ident(rolname) || ' owns ' || own.oid::regclass || ', which should be ours',
      'ALTER TABLE ' || own.oid::regclass || ' OWNER TO ' || quote_ident(current_user) || ';', false, rolname::text
    FROM own JOIN stranger ON stranger.oid = relowner
    UNION ALL
    SELECT 'the trigger ' || quote_ident(tgname) || ' on ' || own.oid::regclass || ' runs a function of the role ' || quote_ident(rolname),
      'DROP TRIGGER ' || quote_ident(tgname) || ' ON ' || own.oid::regclass || ';', false, pg_get_userbyid(relowner)::text
    FROM own JOIN pg_trigger ON tgrelid = own.oid AND NOT tgisinternal JOIN pg_proc ON pg_proc.oid = tgfoid JOIN stranger ON stranger.oid = proowner
    ORDER BY 1`);
}

/**
 * Takes the right to create in our schema from PUBLIC, which has it by default up to PostgreSQL 14, where our role owns the schema.
 * @param query with `pg_catalog` alone on its search path.
 * @returns whether there was something to take.
 * @throws SchemaError where something stays open.
 */
export async function closeToOtherRoles(query: Query, schema: string): Promise<boolean> {
  const found = await findOpenings(query, [schema]);
  const closable = found.filter((opening) => opening.closable);
  for (const { remedy } of closable) await query(remedy);
  refuseOpenings(closable.length > 0 ? await findOpenings(query, [schema]) : found);
  return closable.length > 0;
}

/** @throws SchemaError that names the SQL to run, unless there are none. */
export function refuseOpenings(openings: readonly Opening[]): void {
  if (openings.length > 0) throw new SchemaError(`${describeOpenings(openings)} Nothing was changed. ${adviceFor(openings)}`);
}

/** One sentence. */
export function describeOpenings(openings: readonly Opening[]): string {
  return `Another role of the database could run its own code with the rights of Chodae's role: ${openings.map(({ what }) => what).join('; ')}.`;
}

/** What to run, and as which role. */
export function adviceFor(openings: readonly Opening[]): string {
  const roles = [...new Set(openings.map(({ owner }) => owner))].join(' or ');
  const sql = [...new Set(openings.map(({ remedy }) => remedy))].join(' ');
  return `Run as ${roles} or a superuser: ${sql} Or keep Chodae's tables in a schema that belongs to its role (…?schema=chodae): docs/guides/database.md.`;
}

/**
 * Rights on our tables by which a role can put triggers or foreign keys on them, as `GRANT ALL` gives them. A role that may grant has granted
 * them, so the service starts; the trigger would run with the rights of our role. Supabase's `service_role` is not examined: it can do everything.
 * @param query with `pg_catalog` alone on its search path.
 */
export async function findTriggerRights(query: Query, schemas: readonly string[]): Promise<Pick<Opening, 'what' | 'remedy'>[]> {
  if (schemas.length === 0) return [];
  return query(`
    WITH ${commonTables(schemas)}
    SELECT holder || ' has ' || string_agg(privilege_type, ', ' ORDER BY privilege_type) || ' on ' || name AS what,
      'REVOKE ' || string_agg(privilege_type, ', ' ORDER BY privilege_type) || ' ON ' || name || ' FROM ' || holder || ';' AS remedy
    FROM (
      SELECT DISTINCT own.oid::regclass::text AS name, privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(stranger.rolname) END AS holder
      FROM own CROSS JOIN LATERAL aclexplode(relacl) AS granted LEFT JOIN stranger ON stranger.oid = grantee
      WHERE privilege_type IN ('TRIGGER', 'REFERENCES') AND (grantee = 0 OR stranger.oid IS NOT NULL AND stranger.rolname <> 'service_role')
    ) AS granted
    GROUP BY holder, name ORDER BY 1`);
}

/**
 * Behind a transaction pooler the server's own search path holds, which by default begins with a schema of the role's own name, made or not.
 * @param query with `pg_catalog` alone on its search path.
 * @returns the roles that could make that schema, and with it come before ours.
 */
export async function rolesAheadOnPath(query: Query, schemas: readonly string[]): Promise<string[]> {
  if (schemas.length === 0) return [];
  const rows = await query<{ name: string }>(`
    WITH ${commonTables(schemas)}
    SELECT quote_ident(rolname) AS name FROM stranger
    WHERE rolcanlogin AND NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = current_user)
      AND has_database_privilege(oid, current_database(), 'CREATE')
    ORDER BY 1`);
  return rows.map(({ name }) => name);
}
