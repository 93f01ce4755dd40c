import type { EmbeddedDatabaseConfig, PostgresqlConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { type Database, statement } from '../../src/database/database.ts';
import { openEmbeddedDatabase } from '../../src/database/embedded.ts';
import { openDatabase } from '../../src/database/open.ts';
import { embeddedTemplate, migratedTemplate } from './embedded-template.ts';
import { type EmptyDatabase, emptyDatabase, type TestDatabaseKind } from './empty-database.ts';
import { newDeadline } from './new-deadline.ts';
import { migratedTemplateName } from './postgresql-template.ts';

/** A database without any table of ours, for code that opens and migrates it itself. */
export interface FreshDatabase extends EmptyDatabase {
  readonly config: EmbeddedDatabaseConfig | PostgresqlConfig;
}

/** A database as the program has it after its start: open, its schema up to date, its tables empty. */
export interface TestDatabase {
  readonly kind: TestDatabaseKind;
  readonly config: EmbeddedDatabaseConfig | PostgresqlConfig;
  readonly database: Database;
  /** Queries the database directly: on a separate connection if possible, through `database` if it is embedded. */
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Closes the database, unless it is closed already, and removes it. */
  drop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a database of the kind that this run is about. The embedded one exists already (0.8 s; the program itself would take 3 to 8 s to make
 * it), so the program does not find it new; `query` opens and closes it, and is refused while another process has it open.
 */
export async function freshDatabase(kind?: TestDatabaseKind): Promise<FreshDatabase> {
  const empty = await emptyDatabase(kind);
  const config = readConfig(empty.environment).database;
  if (config.kind === 'postgresql') return { ...empty, config };
  const { directory } = config;
  await (await openEmbeddedDatabase({ directory, template: await embeddedTemplate() })).close();

  async function query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    const database = await openEmbeddedDatabase({ directory });
    try {
      return await database.run(statement<Row>('test', sql), values ?? [], newDeadline());
    } finally {
      await database.close();
    }
  }

  return { ...empty, config, query };
}

/** Opens and migrates a database of the kind that this run is about; an embedded one is in memory and stays there. */
export async function openTestDatabase(kind?: TestDatabaseKind): Promise<TestDatabase> {
  const empty = await emptyDatabase(kind, migratedTemplateName);
  const config = readConfig(empty.environment).database;
  const opening = config.kind === 'embedded' ? openInMemory() : openMigrated(config);
  const database = await opening.catch(async (error: unknown) => {
    await empty.drop();
    throw error;
  });
  const query: TestDatabase['query'] =
    config.kind === 'embedded'
      ? (sql, values) => database.run(statement('test', sql), values ?? [], newDeadline())
      : (sql, values) => empty.query(sql, values);

  async function drop(): Promise<void> {
    await database.close();
    await empty.drop();
  }

  return { kind: empty.kind, config, database, query, drop, [Symbol.asyncDispose]: drop };
}

async function openInMemory(): Promise<Database> {
  return openEmbeddedDatabase({ directory: undefined, template: await migratedTemplate() });
}

async function openMigrated(config: PostgresqlConfig): Promise<Database> {
  return (await openDatabase(config, () => {})).database;
}
