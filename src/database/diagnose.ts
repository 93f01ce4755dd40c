import type { PostgresqlAddress, PostgresqlConfig } from '../config/config.ts';
import { knownMigrations } from './migrate.ts';
import { asSchemaError } from './migration-failure.ts';
import { queryOf, withClient } from './open.ts';
import { missingMigrationRights, missingRights, rowsHiddenFromUs, tablesOpenToRestRoles } from './row-security.ts';
import { inspectSchema, type Query, SchemaError } from './schema-state.ts';
import { explainConnectionFailure } from './unavailable.ts';

/** What a look at a PostgreSQL server tells; nothing is changed. */
export interface PostgresqlDiagnosis {
  /** Such as 150008. */
  readonly versionNumber: number;
  /** Milliseconds for one round trip, the median of five. */
  readonly roundTripMilliseconds: number;
  readonly pendingMigrations: number;
  /** Why this program would refuse to start on the schema; a sentence that says what to do. */
  readonly schemaMistake: string | undefined;
  /** Tables and functions of ours that Supabase's automatic REST API can reach. */
  readonly openTables: readonly string[];
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
  /** Undefined where the schema is not up to date, so that nobody can tell. */
  readonly rows: RowsSeen | undefined;
}

export interface RowsSeen {
  /** Whether there are 50,000 users or more. */
  readonly manyUsers: boolean;
  /** Whether sessions that expired more than five minutes ago are still there. */
  readonly hasOverdueSessions: boolean;
}

/** A server that could not be asked; the message is a sentence. */
export class DiagnosisError extends Error {
  override readonly name = 'DiagnosisError';
}

/** @throws DiagnosisError */
export async function diagnosePostgresql(config: PostgresqlConfig): Promise<PostgresqlDiagnosis> {
  const seenByService = await ask('DATABASE_URL', config.runtime, async (query) => ({
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
      openTables: await tablesOpenToRestRoles(query),
    };
  });
}

async function ask<T>(variable: string, address: PostgresqlAddress, work: (query: Query) => Promise<T>): Promise<T> {
  try {
    return await withClient(address, (client) => work(queryOf(client)));
  } catch (error) {
    const said = explainConnectionFailure(error, address) ?? `The database could not be examined: ${(error as Error).message}`;
    throw new DiagnosisError(said.replaceAll('DATABASE_URL', variable), { cause: error });
  }
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
  return { manyUsers: row?.many_users ?? false, hasOverdueSessions: row?.overdue ?? false };
}

/** The answer was given in the middle of its round trip, as far as anybody can tell. */
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
