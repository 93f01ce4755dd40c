import pg from 'pg';
import type { Config, EmbeddedDatabaseConfig, PostgresqlAddress, PostgresqlConfig } from '../config/config.ts';
import { startDeadline } from '../deadline.ts';
import { requestLimit } from '../time-limits.ts';
import { type Database, type Queryable, statement, until } from './database.ts';
import { isUnavailable, sqlstate } from './database-errors.ts';
import { openEmbeddedDatabase } from './embedded.ts';
import { inspectDataFolder } from './embedded-folder.ts';
import { demandWritable, hostsOf } from './hosts.ts';
import { knownMigrations, type MigrationOutcome, migrateEmbedded, migratePostgresql } from './migrate.ts';
import { asSchemaError } from './migration-failure.ts';
import { findOpenings, refuseOpenings } from './other-roles.ts';
import { clientOptions, openPostgresql } from './postgresql.ts';
import { exposureToRestRoles, rowsHiddenFromUs } from './row-security.ts';
import { inspectSchema, type Query, SchemaError } from './schema-state.ts';
import { inCatalogTransaction, schemasUsed, setSearchPath } from './search-path.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** Whether this call created the embedded database. */
  readonly isNew: boolean;
  readonly migration: MigrationOutcome;
}

/**
 * Opens the database of the settings and brings its schema up to date.
 * @param announce prints a line where something takes visibly long.
 * @param fillEmbedded fills a new embedded database, before it counts as made.
 * @throws DatabaseInUseError, SchemaError, or the driver's connection error (`explainConnectionFailure` has a sentence for it).
 */
export async function openDatabase(
  config: Config['database'],
  announce: (line: string) => void,
  fillEmbedded: (database: Queryable) => Promise<void> = async () => {},
): Promise<OpenedDatabase> {
  if (config.kind === 'embedded') return openEmbedded(config, announce, fillEmbedded);
  const { migration, schema } = await migrateIfNeeded(config);
  return { database: await openRuntime(config, schema), isNew: false, migration };
}

/** @param schema in which the migrations found our tables. */
async function openRuntime({ runtime, migrations, poolSize }: PostgresqlConfig, schema: string | undefined): Promise<Database> {
  const used = runtime === migrations && !runtime.transactionPooler ? schema : await schemaSafeFromOthers(runtime);
  const database = openPostgresql(used === undefined ? runtime : { ...runtime, schema: used }, { poolSize });
  try {
    await refuseHiddenRows(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Opens the database of the settings as it is: nothing is made, and nothing migrated.
 * @throws SchemaError where there is none yet or its schema is not this version's; and what `openDatabase` throws.
 */
export async function openMigratedDatabase(config: Config['database']): Promise<Database> {
  if (config.kind === 'postgresql') {
    const schema = await withClient(config.migrations, (client) => demandMigratedPostgresql(queryOf(client), config.migrations));
    return openRuntime(config, schema);
  }
  if (inspectDataFolder(config.directory) !== 'ready') throw notMigrated();
  const database = await openEmbeddedDatabase({ directory: config.directory });
  try {
    await demandMigrated(async <Row>(text: string) => (await database.pglite.query<Row>(text)).rows);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function demandMigratedPostgresql(query: Query, address: PostgresqlAddress): Promise<string | undefined> {
  const schemas = await schemasUsed(query, address);
  await inCatalogTransaction(query, async () => {
    refuseOpenings(await findOpenings(query, schemas));
    if (schemas[0] !== undefined) await setSearchPath(query, schemas[0]);
    await demandMigrated(query);
  });
  return schemas[0];
}

async function demandMigrated(query: Query): Promise<void> {
  const known = knownMigrations();
  try {
    const { newestMigration } = await inspectSchema(query, known);
    if (newestMigration !== known.at(-1)) throw notMigrated();
  } catch (error) {
    throw asSchemaError(error);
  }
}

function notMigrated(): SchemaError {
  return new SchemaError("The database does not have this version's tables yet. Start the service once, or run: npx chodae migrate");
}

async function openEmbedded(
  { directory }: EmbeddedDatabaseConfig,
  announce: (line: string) => void,
  fill: (database: Queryable) => Promise<void>,
): Promise<OpenedDatabase> {
  let migration: MigrationOutcome | undefined;
  const database = await openEmbeddedDatabase({
    directory,
    announce,
    async fill(made) {
      migration = await migrateEmbedded(made.pglite);
      await fill(until(startDeadline(requestLimit), made));
    },
  });
  try {
    return { database, isNew: database.isNew, migration: migration ?? (await migrateEmbedded(database.pglite)) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Row level security hides rows without any error: every code would look unknown. A database that does not answer now is asked again by requests. */
async function refuseHiddenRows(database: Database): Promise<void> {
  const query: Query = <Row>(text: string) => database.run(statement<Row>('rows_hidden', text), [], startDeadline(requestLimit));
  const hidden = await rowsHiddenFromUs(query).catch((error: unknown) => {
    if (isUnavailable(error)) return false;
    throw error;
  });
  if (!hidden) return;
  throw new SchemaError(
    'Row level security hides the rows of our own tables from the role of DATABASE_URL, so every code would look unknown. Connect as the owner of the tables, or write policies for the role: docs/guides/database.md.',
  );
}

/**
 * Migrates PostgreSQL where something is pending. Asks first with statements that only read, so that the service can start with a role that
 * may not change the schema once another has migrated, and so that replicas of an up-to-date service do not wait for each other.
 */
async function migrateIfNeeded({ migrations }: PostgresqlConfig): Promise<{ migration: MigrationOutcome; schema: string | undefined }> {
  return withClient(migrations, async (client) => {
    const query = queryOf(client);
    try {
      const [schema] = await schemasUsed(query, migrations);
      if (await isUpToDate(query, schema)) return { migration: { applied: 0, closedTables: [] }, schema };
      return { migration: await migratePostgresql(client, { schema: migrations.schema }), schema };
    } catch (error) {
      throw asSchemaError(error);
    }
  });
}

/** A migration may run between two of these statements, so what looks wrong here is judged under the lock. */
async function isUpToDate(query: Query, schema: string | undefined): Promise<boolean> {
  if (schema === undefined) return false;
  const known = knownMigrations();
  try {
    return await inCatalogTransaction(query, async () => {
      if ((await findOpenings(query, [schema])).length > 0) return false;
      await setSearchPath(query, schema);
      const { newestMigration } = await inspectSchema(query, known);
      return newestMigration === known.at(-1) && (await exposureToRestRoles(query)).closable.length === 0;
    });
  } catch (error) {
    if (error instanceof SchemaError) return false;
    throw error;
  }
}

/**
 * @returns the schema that the connections of requests find first; undefined where the database does not answer now: it is asked again by requests.
 * @throws SchemaError where another role could put its functions in front of PostgreSQL's.
 */
async function schemaSafeFromOthers(address: PostgresqlAddress): Promise<string | undefined> {
  try {
    return await withClient(address, async (client) => {
      const query = queryOf(client);
      const schemas = await schemasUsed(query, address);
      await inCatalogTransaction(query, async () => refuseOpenings(await findOpenings(query, schemas)));
      return schemas[0];
    });
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** Runs work on one connection of its own, without time limits for statements, and closes it. */
export async function withClient<T>(address: PostgresqlAddress, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(address);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Tries one server after the other. @throws the error of the one that got furthest: a standby's before that of one that cannot be reached. */
async function connect(address: PostgresqlAddress): Promise<pg.Client> {
  let failure: unknown;
  for (const place of hostsOf(address)) {
    const client = new pg.Client({ ...clientOptions(address), ...place });
    // An error on the idle connection would end the process; the statement under way reports it anyway.
    client.on('error', () => {});
    try {
      await client.connect();
      if (address.writableOnly) await demandWritable(client);
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      if (failure === undefined || sqlstate(error) !== undefined) failure = error;
    }
  }
  throw failure;
}

/** @returns a `Query` over one connection. */
export function queryOf(client: pg.Client): Query {
  return async <Row>(text: string) => (await client.query(text)).rows as Row[];
}
