import { createHash } from 'node:crypto';
import { readConfig } from '../../src/config/read-config.ts';
import { type Database, statement } from '../../src/database/database.ts';
import { openEmbeddedDatabase } from '../../src/database/embedded.ts';
import { type MigrationOutcome, migrateEmbedded } from '../../src/database/migrate.ts';
import { openDatabase } from '../../src/database/open.ts';
import { embeddedTemplate } from './embedded-template.ts';
import { emptyDatabase, type TestDatabaseKind, testDatabaseKind } from './empty-database.ts';
import { newDeadline } from './new-deadline.ts';

/** Runs one statement. */
export type Ask = <Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;

/** A database that the program has not seen yet; an embedded one is in memory. */
export interface UnmigratedDatabase extends AsyncDisposable {
  /** On a separate connection if possible. */
  readonly ask: Ask;
  /** What a start of the program does before anything else. */
  migrate(): Promise<MigrationOutcome>;
  /** Migrates and leaves the database open; it closes with this one. */
  open(): Promise<Database>;
}

/** Makes an empty database of the kind that this run is about. */
export function unmigratedDatabase(kind: TestDatabaseKind = testDatabaseKind()): Promise<UnmigratedDatabase> {
  return kind === 'embedded' ? inMemory() : onServer(kind);
}

async function inMemory(): Promise<UnmigratedDatabase> {
  const database = await openEmbeddedDatabase({ directory: undefined, template: await embeddedTemplate() });
  return {
    ask: askOf(database),
    migrate: () => migrateEmbedded(database.pglite),
    async open() {
      await migrateEmbedded(database.pglite);
      return database;
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

async function onServer(kind: TestDatabaseKind): Promise<UnmigratedDatabase> {
  const empty = await emptyDatabase(kind);
  const config = readConfig(empty.environment).database;
  const opened: Database[] = [];
  return {
    ask: (sql, values) => empty.query(sql, values),
    async migrate() {
      const { database, migration } = await openDatabase(config, () => {});
      await database.close();
      return migration;
    },
    async open() {
      const { database } = await openDatabase(config, () => {});
      opened.push(database);
      return database;
    },
    async [Symbol.asyncDispose]() {
      for (const database of opened) await database.close();
      await empty.drop();
    },
  };
}

function askOf(database: Database): Ask {
  // A name belongs to one text on a connection, for as long as that lives.
  const nameOf = (sql: string) => `test_${createHash('sha256').update(sql).digest('hex').slice(0, 16)}`;
  return <Row>(sql: string, values?: readonly unknown[]) => database.run(statement<Row>(nameOf(sql), sql), values ?? [], newDeadline());
}
