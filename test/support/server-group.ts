import { type EmptyDatabase, emptyDatabase, type TestDatabaseKind, testDatabaseKind } from './empty-database.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** Processes of the built program on one PostgreSQL database, directly or through PgBouncer. */
export interface ServerGroup {
  readonly database: EmptyDatabase;
  readonly servers: readonly ServerProcess[];
  /** All settings of each. */
  readonly environment: Readonly<Record<string, string>>;
  /** How many of their statements the database can run, or let wait, at once. */
  readonly connections: number;
  query: EmptyDatabase['query'];
  /** Ends all in good order and starts as many new ones on the same database. */
  restart(): Promise<void>;
  /** Starts a new process in the place of one that has ended. */
  replace(index: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServerGroupOptions {
  readonly count: number;
  /** Default: the database of this run. The embedded database has one process only; a file run by itself uses PostgreSQL. */
  readonly kind?: Exclude<TestDatabaseKind, 'embedded'>;
  /** Connections of all processes together; few enough for two test files at the same time on a server that takes 100. */
  readonly connections?: number;
  /** Beside those of the database. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** PgBouncer's `default_pool_size`. */
const poolerConnections = 20;

export async function startServerGroup(options: ServerGroupOptions): Promise<ServerGroup> {
  const { count, kind = kindOfRun(), connections = 32, settings = {} } = options;
  const database = await emptyDatabase(kind);
  const poolSize = String(Math.floor(connections / count));
  const environment = { ...database.environment, BCRYPT_COST: '10', DATABASE_POOL_SIZE: poolSize, LOG_LEVEL: 'warn', ...settings };
  const start = () => startServer({ environment });
  const startAll = () => Promise.all(Array.from({ length: count }, start));
  let servers = await startAll();

  return {
    database,
    environment,
    connections: kind === 'pgbouncer' ? Math.min(poolerConnections, connections) : connections,
    query: database.query,
    get servers() {
      return servers;
    },
    async restart() {
      await Promise.all(servers.map((server) => server.stop()));
      servers = await startAll();
    },
    async replace(index) {
      const started = await start();
      servers = servers.with(index, started);
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

function kindOfRun(): Exclude<TestDatabaseKind, 'embedded'> {
  const kind = testDatabaseKind();
  return kind === 'embedded' ? 'postgresql' : kind;
}
