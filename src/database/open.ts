import pg from 'pg';
import type { Config, PostgresqlAddress, PostgresqlConfig } from '../config/config.ts';
import type { Database } from './database.ts';
import { openEmbeddedDatabase } from './embedded.ts';
import { knownMigrations, type MigrationOutcome, migrateEmbedded, migratePostgresql } from './migrate.ts';
import { clientOptions, openPostgresql } from './postgresql.ts';
import { tablesOpenToRestRoles } from './row-security.ts';
import { type Query, readSchemaState, refuseNewerSchema } from './schema-state.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** Whether this call created the embedded database. */
  readonly isNew: boolean;
  readonly migration: MigrationOutcome;
}

/**
 * Opens the database of the settings and brings its schema up to date.
 * @param announce prints a line where something takes visibly long.
 * @throws DatabaseInUseError, SchemaError, or the driver's connection error (`explainConnectionFailure` has a sentence for it).
 */
export async function openDatabase(config: Config['database'], announce: (line: string) => void): Promise<OpenedDatabase> {
  if (config.kind === 'embedded') {
    const database = await openEmbeddedDatabase({ directory: config.directory, announce });
    try {
      return { database, isNew: database.isNew, migration: await migrateEmbedded(database.pglite) };
    } catch (error) {
      await database.close();
      throw error;
    }
  }
  const migration = await migrateIfNeeded(config);
  return { database: openPostgresql(config.runtime, { poolSize: config.poolSize }), isNew: false, migration };
}

/**
 * Migrates PostgreSQL where something is pending. Asks first with statements that only read, so that the service can start with a role that
 * may not change the schema once somebody else has migrated.
 */
export async function migrateIfNeeded(config: PostgresqlConfig): Promise<MigrationOutcome> {
  return withClient(config.migrations, async (client) => {
    const query = queryOf(client);
    const known = knownMigrations();
    const state = await readSchemaState(query);
    refuseNewerSchema(state, known);
    const upToDate = state.newestMigration === known.at(-1) && (await tablesOpenToRestRoles(query)).length === 0;
    return upToDate ? { applied: 0, closedTables: [] } : migratePostgresql(client);
  });
}

/** Runs work on one connection of its own, without time limits for statements, and closes it. */
export async function withClient<T>(address: PostgresqlAddress, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientOptions(address));
  // An error on the idle connection would end the process; the statement under way reports it anyway.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** @returns a `Query` over one connection. */
export function queryOf(client: pg.Client): Query {
  return async <Row>(text: string) => (await client.query(text)).rows as Row[];
}
