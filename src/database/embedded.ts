import { mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import type { Database, Queryable, Statement } from './database.ts';
import { asDatabaseError, databaseUnavailable } from './database-errors.ts';
import { startCheckpoints, walSettings } from './embedded-checkpoints.ts';
import { beginCreation, DataFolderError, embeddedMajor, finishCreation, inspectDataFolder } from './embedded-folder.ts';
import { acquireEmbeddedLock, type EmbeddedLock } from './embedded-lock.ts';
import { restrictFiles, restrictFolder } from './embedded-permissions.ts';

export interface EmbeddedOptions {
  /** Absolute path; undefined: in memory, gone after `close`. */
  readonly directory: string | undefined;
  /** What PGlite's `dumpDataDir` gave: a new database starts as a copy of it. Default for a folder: the one that the build has made. */
  readonly template?: Blob;
  /** Gets a line when the folder is created. */
  readonly announce?: (line: string) => void;
  /** Puts in what a new database needs. A creation that is killed before this is done is begun anew at the next start. */
  readonly fill?: (database: EmbeddedDatabase) => Promise<void>;
  readonly checkpointSeconds?: number;
}

export interface EmbeddedDatabase extends Database {
  /** True where this call has created the database. */
  readonly isNew: boolean;
  readonly pglite: PGlite;
}

const checkpointSecondsByDefault = 60;

// After a recovery PGlite would set this timer again and again, and a process that does not close the database would never end.
const noProgressTimer = ['-c', 'log_startup_progress_interval=0'];

// int8 and date (by their type ids) as PostgreSQL's driver is told to give them.
const parsers = { 20: Number, 1082: String };

/**
 * Opens the embedded database, creating it where there is none. One process at a time.
 * What was acknowledged survives the death of the process; it is handed to the operating system but never synced, so a power cut may lose it.
 * @throws DatabaseInUseError where another process has the folder open; DataFolderError where the folder cannot be used.
 */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { directory } = options;
  if (directory === undefined) return serve(await createPglite(options), options, true, undefined);
  inspectDataFolder(directory); // before anything is written: the folder of another program stays as it is
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = await acquireEmbeddedLock(directory);
  try {
    restrictFolder(directory);
    const isNew = inspectDataFolder(directory) !== 'ready'; // again, now that no other process can change it
    const database = isNew ? await createFolder(directory, options, lock) : serve(await openFolder(directory), options, false, lock);
    restrictFiles(directory);
    return database;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function createFolder(directory: string, options: EmbeddedOptions, lock: EmbeddedLock): Promise<EmbeddedDatabase> {
  options.announce?.(
    `Creating the embedded database in ${directory} (a few seconds, once). It survives a crash of this program; ` +
      'for data that must survive a power cut, set DATABASE_URL to a PostgreSQL server.',
  );
  beginCreation(directory);
  const template = options.template ?? builtDatabase();
  const database = serve(await createPglite({ ...options, ...(template && { template }) }), options, true, lock);
  try {
    await options.fill?.(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  finishCreation(directory);
  return database;
}

/** @returns an empty database, which a first start loads in 1 s instead of making one in 3 to 8; undefined when running the sources. */
function builtDatabase(): Blob | undefined {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const file = readdirSync(folder).find((name) => /^new-database-.*\.tar\.gz$/.test(name));
  return file === undefined ? undefined : new Blob([readFileSync(join(folder, file))], { type: 'application/x-gzip' });
}

async function openFolder(directory: string): Promise<PGlite> {
  try {
    return await createPglite({ directory });
  } catch (error) {
    throw new DataFolderError(
      `The embedded database in ${directory} does not open. Restore the folder from a backup, or set DATA_DIR to another one.`,
      error,
    );
  }
}

function createPglite({ directory, template }: EmbeddedOptions): Promise<PGlite> {
  // PGlite finds nothing behind a symbolic link.
  const dataDir = directory && realpathSync(directory);
  const startParams = [...PGlite.defaultStartParams, ...walSettings, ...noProgressTimer];
  return PGlite.create({ parsers, startParams, ...(dataDir && { dataDir }), ...(template && { loadDataDir: template }) });
}

function serve(pglite: PGlite, options: EmbeddedOptions, isNew: boolean, lock: EmbeddedLock | undefined): EmbeddedDatabase {
  const { directory } = options;
  const restrict = () => {
    if (directory === undefined) return;
    restrictFolder(directory);
    restrictFiles(join(directory, 'pg_wal'));
  };
  const checkpoints = startCheckpoints(pglite, options.checkpointSeconds ?? checkpointSecondsByDefault, restrict);
  let closed: Promise<void> | undefined;

  function queryable(handle: Pick<PGlite, 'query'>): Queryable {
    return {
      async run<Row>(statement: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> {
        return guard(async () => {
          checkpoints.count();
          return (await handle.query<Row>(statement.text, [...values])).rows;
        });
      },
    };
  }

  function assertOpen(): void {
    if (closed) throw databaseUnavailable(new Error('the embedded database is closed'));
  }

  async function shutDown(): Promise<void> {
    checkpoints.stop();
    try {
      await pglite.close();
    } finally {
      await lock?.release();
    }
  }

  const outside = queryable(pglite);
  const run: Database['run'] = async (statement, values) => {
    assertOpen();
    return outside.run(statement, values);
  };
  return {
    kind: 'embedded',
    description: `embedded PostgreSQL ${embeddedMajor} (PGlite) ${options.directory ? `in ${options.directory}` : 'in memory'}`,
    isNew,
    pglite,
    run,
    runQueued: (_, statement, values, deadline) => run(statement, values, deadline),
    async transaction(work, deadline) {
      assertOpen();
      if (deadline.limit.endsWithClient) deadline.gone.throwIfAborted();
      return guard(() => pglite.transaction((handle) => work(queryable(handle))));
    },
    close: () => (closed ??= shutDown()),
  };
}

/** Runs a call of PGlite and makes its error fit to be thrown on. */
async function guard<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asDatabaseError(error);
  }
}
