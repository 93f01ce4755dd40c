import { type EmptyDatabase, emptyDatabase, testDatabaseKind } from './empty-database.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** Two processes of the built program on one PostgreSQL database, directly or through PgBouncer: what this run is about. */
export interface ServerPair {
  readonly database: EmptyDatabase;
  readonly servers: readonly [ServerProcess, ServerProcess];
  query: EmptyDatabase['query'];
  /** Ends both in good order and starts two new ones on the same database. */
  restart(): Promise<void>;
  /** Starts a new process in the place of one that has ended. */
  replace(index: 0 | 1): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param settings beside those of the database. */
export async function startServerPair(settings: Readonly<Record<string, string>> = {}): Promise<ServerPair> {
  // The embedded database has one process only; a file that is run by itself gets PostgreSQL.
  const kind = testDatabaseKind();
  const database = await emptyDatabase(kind === 'embedded' ? 'postgresql' : kind);
  // As many connections for each process as there are racers for it, and few enough for two files at the same time.
  const environment = { ...database.environment, BCRYPT_COST: '10', DATABASE_POOL_SIZE: '16', LOG_LEVEL: 'warn', ...settings };
  const start = () => startServer({ environment });
  let servers = await startBoth(start);

  return {
    database,
    query: database.query,
    get servers() {
      return servers;
    },
    async restart() {
      await Promise.all(servers.map((server) => server.stop()));
      servers = await startBoth(start);
    },
    async replace(index) {
      const started = await start();
      servers = index === 0 ? [started, servers[1]] : [servers[0], started];
    },
    async [Symbol.asyncDispose]() {
      try {
        await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      } finally {
        await database.drop();
      }
    },
  };
}

async function startBoth(start: () => Promise<ServerProcess>): Promise<[ServerProcess, ServerProcess]> {
  return Promise.all([start(), start()]);
}
