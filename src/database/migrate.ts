import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import type pg from 'pg';
import { closeTablesToRestRoles } from './row-security.ts';
import { type Query, readSchemaState, refuseForeignTables, refuseNewerSchema } from './schema-state.ts';

/** Where the committed SQL is, beside this file both in the sources and in the build. */
const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** Any two programs that migrate the same database must use the same number. */
const advisoryLock = 4_015_161_718;

export interface MigrationOutcome {
  /** Migrations that this call applied; 0 where the schema was up to date or another process was faster. */
  readonly applied: number;
  /** Tables that were readable through Supabase's automatic REST API and no longer are. */
  readonly closedTables: readonly string[];
}

/** The moments (milliseconds, as drizzle-kit writes them into its journal) that name this program's migrations, oldest first. */
export function knownMigrations(): number[] {
  return readMigrationFiles({ migrationsFolder }).map((migration) => migration.folderMillis);
}

/**
 * Brings an embedded database up to date, in one transaction.
 * @throws SchemaError where the schema is newer than this program or the tables are somebody else's.
 */
export async function migrateEmbedded(pglite: PGlite): Promise<MigrationOutcome> {
  return pglite.transaction((transaction) => migrateInTransaction(async (text) => (await transaction.query(text)).rows as never));
}

/**
 * Brings a PostgreSQL database up to date: one transaction under an advisory lock that ends with it, so it is safe when many processes do it at
 * once and also through a transaction pooler. The ORM's own migrator is not used: it takes no lock, and commits a transaction that is not its own.
 * @param client a connected client of its own, without a statement time limit.
 * @throws SchemaError where the schema is newer than this program or the tables are somebody else's.
 */
export async function migratePostgresql(client: pg.Client): Promise<MigrationOutcome> {
  await client.query('BEGIN');
  try {
    const outcome = await migrateInTransaction(async (text) => (await client.query(text)).rows as never);
    await client.query('COMMIT');
    return outcome;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function migrateInTransaction(query: Query): Promise<MigrationOutcome> {
  await query(`SELECT pg_advisory_xact_lock(${advisoryLock})`);
  // `IF NOT EXISTS` tells what it skips in notices, which nobody needs to read.
  await query('SET LOCAL client_min_messages = warning');
  const state = await readSchemaState(query);
  refuseNewerSchema(state, knownMigrations());
  if (state.newestMigration === 0) await refuseForeignTables(query);
  const pending = readMigrationFiles({ migrationsFolder }).filter((migration) => migration.folderMillis > state.newestMigration);
  if (pending.length > 0) await createLedger(query);
  for (const migration of pending) await apply(query, migration);
  return { applied: pending.length, closedTables: await closeTablesToRestRoles(query) };
}

/** The table in which the ORM's kit keeps what was applied, so that its own commands agree with ours. */
async function createLedger(query: Query): Promise<void> {
  await query('CREATE SCHEMA IF NOT EXISTS drizzle');
  await query('CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)');
}

async function apply(query: Query, migration: MigrationMeta): Promise<void> {
  for (const text of migration.sql) await query(text);
  await query(`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('${migration.hash}', ${migration.folderMillis})`);
}
