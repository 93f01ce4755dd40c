import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import pg from 'pg';
import { asSchemaError } from './migration-failure.ts';
import { closeToOtherRoles } from './other-roles.ts';
import { closeTablesToRestRoles } from './row-security.ts';
import { inspectSchema, type Query, refuseTablesBehind, SchemaError } from './schema-state.ts';
import { schemasOnPath, setSearchPath } from './search-path.ts';

/** Where the committed SQL is, beside this file both in the sources and in the build. */
const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** Any two programs that migrate the same database must use the same number. */
const advisoryLock = 4_015_161_718;

export interface MigrationOutcome {
  /** Migrations that this call applied; 0 where the schema was up to date or another process was faster. */
  readonly applied: number;
  /** Tables and functions that Supabase's automatic REST API could reach and no longer can. */
  readonly closedTables: readonly string[];
  /** The schema in which every role could create functions, and no longer can. */
  readonly closedSchema?: string;
}

export interface MigrationOptions {
  /** Prisma's `?schema=`: made where it does not exist. */
  readonly schema?: string | undefined;
  /**
   * How long a statement may wait for a table that an open transaction holds, in milliseconds. Statements that ask for the table after us wait
   * behind us, so a service that is running would stand still for as long.
   */
  readonly lockMilliseconds?: number;
}

/** The moments (milliseconds, as drizzle-kit writes them into its journal) that name this program's migrations, oldest first. */
export function knownMigrations(): number[] {
  return readMigrationFiles({ migrationsFolder }).map((migration) => migration.folderMillis);
}

/**
 * Brings an embedded database up to date, in one transaction.
 * @throws SchemaError where the schema is newer than this program or the tables belong to another program.
 */
export async function migrateEmbedded(pglite: PGlite): Promise<MigrationOutcome> {
  try {
    return await pglite.transaction((transaction) =>
      migrateInTransaction(async <Row>(text: string) => (await transaction.query<Row>(text)).rows, {}),
    );
  } catch (error) {
    throw asSchemaError(error);
  }
}

/**
 * Brings a PostgreSQL database up to date: one transaction under an advisory lock that ends with it, so it is safe when many processes do it at
 * once and also through a transaction pooler. The ORM's own migrator is not used: it takes no lock, and commits a transaction that is not its own.
 * @param client a connected client of its own.
 * @throws SchemaError where the schema is newer than this program, the tables belong to another program, or the migration fails; nothing was changed.
 */
export async function migratePostgresql(client: pg.Client, options: MigrationOptions = {}): Promise<MigrationOutcome> {
  // A database may have another level as its default; then a process that waited for the lock would not see what was done meanwhile.
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  try {
    const outcome = await migrateInTransaction(async (text) => (await client.query(text)).rows, options);
    await client.query('COMMIT');
    return outcome;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw asSchemaError(error);
  }
}

async function migrateInTransaction(query: Query, { schema, lockMilliseconds = 10_000 }: MigrationOptions): Promise<MigrationOutcome> {
  const onPath = schema === undefined ? await schemasOnPath(query) : [schema];
  const [place] = onPath;
  if (place === undefined) throw new Error('the connection has no schema in its search path');
  await setSearchPath(query, undefined);
  // Roles and databases may have limits of their own, as Supabase's have; others' migrations and a large table take as long as they take.
  await query('SET LOCAL statement_timeout = 0');
  await query('SET LOCAL lock_timeout = 0');
  await query(`SELECT pg_advisory_xact_lock(${advisoryLock})`);
  await query(`SET LOCAL lock_timeout = ${lockMilliseconds}`);
  // `IF NOT EXISTS` tells what it skips in notices, which are noise.
  await query('SET LOCAL client_min_messages = warning');
  if (schema !== undefined) await createSchema(query, schema);
  // Before anything of the schema is used: a function that another role has put there would run with our rights.
  const isClosed = await closeToOtherRoles(query, place);
  await refuseTablesBehind(query, onPath);
  await setSearchPath(query, place);
  const { ledger, newestMigration } = await inspectSchema(query, knownMigrations());
  const pending = readMigrationFiles({ migrationsFolder }).filter((migration) => migration.folderMillis > newestMigration);
  if (ledger === undefined) throw new Error('the connection has no schema in its search path');
  if (pending.length > 0) {
    await refuseOtherEncodings(query);
    await createLedger(query, ledger);
  }
  for (const migration of pending) await apply(query, ledger, migration);
  const closedTables = await closeTablesToRestRoles(query);
  return { applied: pending.length, closedTables, ...(isClosed && { closedSchema: place }) };
}

/** Indexes fold characters that other encodings do not have. @throws SchemaError */
async function refuseOtherEncodings(query: Query): Promise<void> {
  const [row] = await query<{ encoding: string }>(`SELECT pg_catalog.current_setting('server_encoding') AS encoding`);
  if (row?.encoding === 'UTF8') return;
  throw new SchemaError(
    `The database is encoded in ${row?.encoding}, and Chodae needs UTF8. Make one and move the data there: CREATE DATABASE chodae ENCODING 'UTF8' TEMPLATE template0`,
  );
}

/** Only where it is missing: the right to create schemas is asked for even where there is nothing to create. */
async function createSchema(query: Query, schema: string): Promise<void> {
  const [present] = await query(`SELECT FROM pg_namespace WHERE nspname = ${pg.escapeLiteral(schema)}`);
  if (!present) await query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`);
}

/** The table in which the ORM's kit keeps what was applied, so that its own commands agree with ours. */
async function createLedger(query: Query, ledger: string): Promise<void> {
  if (ledger.startsWith('drizzle.')) await createSchema(query, 'drizzle');
  await query(`CREATE TABLE IF NOT EXISTS ${ledger} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)`);
}

async function apply(query: Query, ledger: string, migration: MigrationMeta): Promise<void> {
  for (const text of migration.sql) await query(text);
  await query(`INSERT INTO ${ledger} (hash, created_at) VALUES ('${migration.hash}', ${migration.folderMillis})`);
}
