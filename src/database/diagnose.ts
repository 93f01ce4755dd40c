import type { PostgresqlAddress, PostgresqlConfig } from '../config/config.ts';
import { sqlstate } from './database-errors.ts';
import { explainConnectionFailure } from './explain-connection.ts';
import { codeKey } from './folded-text.ts';
import { knownMigrations } from './migrate.ts';
import { asSchemaError } from './migration-failure.ts';
import { queryOf, withClient } from './open.ts';
import { findOpenings, findTriggerRights, type Opening, rolesAheadOnPath } from './other-roles.ts';
import { exposureToRestRoles, missingMigrationRights, missingRights, type RestExposure, rowsHiddenFromUs } from './row-security.ts';
import { inspectSchema, type Query, SchemaError } from './schema-state.ts';
import { inCatalogTransaction, schemasUsed, searchPathOf } from './search-path.ts';
import { sqlstates } from './sqlstates.ts';

/** What a look at a PostgreSQL server tells; nothing is changed. */
export interface PostgresqlDiagnosis {
  /** Such as 150008. */
  readonly versionNumber: number;
  /** Milliseconds for one round trip, the median of five. */
  readonly roundTripMilliseconds: number;
  readonly pendingMigrations: number;
  /** Why this program would refuse to start on the schema; a sentence that says what to do. */
  readonly schemaMistake: string | undefined;
  /** What Supabase's automatic REST API can reach. */
  readonly restExposure: RestExposure;
  /** Rights by which other roles can put triggers or foreign keys on our tables, and the SQL that takes them away. */
  readonly triggerRights: readonly Pick<Opening, 'what' | 'remedy'>[];
  /** Roles that could make a schema which comes before ours; only behind a transaction pooler. */
  readonly rolesAheadOnPath: readonly string[];
  /** Row level security hides our own rows from the role of `DATABASE_URL`. */
  readonly rowsHidden: boolean;
  /** Rights that the role of `DATABASE_URL` lacks, such as `INSERT on "User"`. */
  readonly missingRights: readonly string[];
  /** What the role that migrates lacks to make what is pending, such as `CREATE on schema public`; nothing where nothing is pending. */
  readonly missingMigrationRights: readonly string[];
  /** Those of fsync, full_page_writes and synchronous_commit that are off. */
  readonly unsafeSettings: readonly string[];
  /** Of `synchronous_commit`: `on`, `local`, `remote_write` and so on. */
  readonly synchronousCommit: string;
  readonly maximumConnections: number;
  /** Seconds that this machine's clock is ahead of the database's; negative: behind. */
  readonly clockDifferenceSeconds: number;
  /** Undefined if the schema is not up to date. */
  readonly rows: RowsSeen | undefined;
}

export interface RowsSeen {
  /** Whether there are 50,000 users or more. */
  readonly manyUsers: boolean;
  /** Whether sessions that expired more than five minutes ago are still there. */
  readonly hasOverdueSessions: boolean;
  /** Groups of invitations whose codes people cannot tell apart; undefined: counting them would have taken too long. */
  readonly codeCollisions: number | undefined;
  /** Invitations of whose seats many are held by sign-ups that have stored no step; those with the most first, at most five. */
  readonly idleHolds: readonly IdleHolds[];
}

interface IdleHolds {
  readonly invitation_id: number;
  /** Seats that are held without a step. */
  readonly seats: number;
  /** Seats that are not used. */
  readonly unused: number;
}

/** A server that could not be asked; the message is a sentence. */
export class DiagnosisError extends Error {
  override readonly name = 'DiagnosisError';
}

/** The look ended there: further statements could run what another role has put into the schema. */
export class OpenToOtherRolesError extends Error {
  override readonly name = 'OpenToOtherRolesError';
  readonly openings: readonly Opening[];

  constructor(openings: readonly Opening[]) {
    super('the schema is open to other roles');
    this.openings = openings;
  }
}

/** @throws DiagnosisError, OpenToOtherRolesError */
export async function diagnosePostgresql(config: PostgresqlConfig): Promise<PostgresqlDiagnosis> {
  const seenByService = await ask('DATABASE_URL', config.runtime, async (query, risks) => ({
    ...risks,
    roundTripMilliseconds: await medianRoundTrip(query),
    rowsHidden: await rowsHiddenFromUs(query),
    missingRights: await missingRights(query),
  }));
  const direct = config.migrations === config.runtime ? 'DATABASE_URL' : 'DIRECT_URL';
  return ask(direct, config.migrations, async (query) => {
    const settings = await query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('server_version_num', 'max_connections', 'fsync', 'full_page_writes', 'synchronous_commit')`,
    );
    const setting = (name: string) => settings.find((row) => row.name === name)?.setting ?? '';
    const schema = await schemaSeenBy(query);
    const isUpToDate = schema.pendingMigrations === 0 && schema.schemaMistake === undefined;
    return {
      ...seenByService,
      ...schema,
      rows: isUpToDate ? await rowsSeenBy(query) : undefined,
      missingMigrationRights: schema.pendingMigrations > 0 ? await missingMigrationRights(query) : [],
      synchronousCommit: setting('synchronous_commit'),
      clockDifferenceSeconds: await clockDifference(query),
      versionNumber: Number(setting('server_version_num')),
      maximumConnections: Number(setting('max_connections')),
      unsafeSettings: ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => setting(name) === 'off'),
      restExposure: await exposureToRestRoles(query),
    };
  });
}

async function ask<T>(variable: string, address: PostgresqlAddress, work: (query: Query, risks: RoleRisks) => Promise<T>): Promise<T> {
  try {
    return await withClient(address, async (client) => {
      const query = queryOf(client);
      return work(query, await withoutOpenings(query, address));
    });
  } catch (error) {
    if (error instanceof OpenToOtherRolesError) throw error;
    const said = explainConnectionFailure(error, address) ?? `The database could not be examined: ${(error as Error).message}`;
    throw new DiagnosisError(said.replaceAll('DATABASE_URL', variable), { cause: error });
  }
}

type RoleRisks = Pick<PostgresqlDiagnosis, 'triggerRights' | 'rolesAheadOnPath'>;

/** Leaves a direct connection with the search path that the service's own have. @throws OpenToOtherRolesError */
async function withoutOpenings(query: Query, address: PostgresqlAddress): Promise<RoleRisks> {
  const [path] = await query<{ setting: string }>(`SELECT pg_catalog.current_setting('search_path') AS setting`);
  const schemas = await schemasUsed(query, address);
  const risks = await inCatalogTransaction(query, async () => {
    const openings = await findOpenings(query, schemas);
    if (openings.length > 0) throw new OpenToOtherRolesError(openings);
    const isServersPath = address.transactionPooler && path?.setting.includes('$user');
    return {
      triggerRights: await findTriggerRights(query, schemas),
      rolesAheadOnPath: isServersPath ? await rolesAheadOnPath(query, schemas) : [],
    };
  });
  // Through a transaction pooler another client's connection would keep the setting.
  if (!address.transactionPooler && schemas[0] !== undefined) await query(`SET search_path = ${searchPathOf(schemas[0])}`);
  return risks;
}

async function schemaSeenBy(query: Query): Promise<Pick<PostgresqlDiagnosis, 'pendingMigrations' | 'schemaMistake'>> {
  const known = knownMigrations();
  try {
    const { newestMigration } = await inspectSchema(query, known);
    return { pendingMigrations: known.filter((moment) => moment > newestMigration).length, schemaMistake: undefined };
  } catch (error) {
    const refusal = asSchemaError(error);
    if (refusal instanceof SchemaError) return { pendingMigrations: 0, schemaMistake: refusal.message };
    throw error;
  }
}

async function rowsSeenBy(query: Query): Promise<RowsSeen> {
  const [row] = await query<{ many_users: boolean; overdue: boolean }>(
    `SELECT (SELECT count(*) FROM (SELECT FROM "User" LIMIT 50000) AS found) >= 50000 AS many_users,
       EXISTS (SELECT FROM "RegisterSession" WHERE expires_at < now() - interval '5 minutes') AS overdue`,
  );
  const codeCollisions = await countCollisions(query);
  const idleHolds = await readIdleHolds(query);
  return { manyUsers: row?.many_users ?? false, hasOverdueSessions: row?.overdue ?? false, codeCollisions, idleHolds };
}

/** Ten holds or more, and at least half of the seats that are not used. */
function readIdleHolds(query: Query): Promise<IdleHolds[]> {
  return query<IdleHolds>(`
    SELECT i.id AS invitation_id, count(*)::integer AS seats, i.max_uses - i.use_count AS unused
    FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId"
    WHERE i.max_uses > 1 AND s.expires_at > now() AND s.first_step_at IS NULL AND s.network_key IS NOT NULL
    GROUP BY i.id HAVING count(*) >= greatest(10, (i.max_uses - i.use_count) / 2.0)
    ORDER BY seats DESC, i.id LIMIT 5`);
}

/** The whole table has to be read: about a second for a million invitations. */
async function countCollisions(query: Query): Promise<number | undefined> {
  // A transaction, so that a pooler does not hand the limit to another client.
  await query('BEGIN');
  try {
    await query(`SET LOCAL statement_timeout = '10s'`);
    const [row] = await query<{ collisions: number }>(
      `SELECT count(*)::integer AS collisions FROM (
         SELECT FROM "Invitation" WHERE ${codeKey('code')} <> ''
         GROUP BY ${codeKey('code')} HAVING count(*) > 1
       ) AS alike`,
    );
    return row?.collisions ?? 0;
  } catch (error) {
    if (sqlstate(error) !== sqlstates.queryCanceled) throw error;
    return undefined;
  } finally {
    await query('ROLLBACK');
  }
}

/** Assumes that the answer was given in the middle of its round trip. */
async function clockDifference(query: Query): Promise<number> {
  const asked = Date.now();
  const [row] = await query<{ milliseconds: number }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS milliseconds');
  const here = (asked + Date.now()) / 2;
  return (here - Number(row?.milliseconds ?? here)) / 1000;
}

async function medianRoundTrip(query: (text: string) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    await query('SELECT 1');
    times.push(performance.now() - start);
  }
  return times.sort((left, right) => left - right)[2] ?? 0;
}
