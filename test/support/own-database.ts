import pg from 'pg';
import type { EmptyDatabase } from './empty-database.ts';
import { type PostgresqlServer, type PostgresqlServerOptions, startPostgresql } from './postgresql.ts';

/** A PostgreSQL server that a test may freeze, fill up or end, with one database in which nothing ever was. */
export interface OwnDatabase {
  readonly server: PostgresqlServer;
  readonly environment: Readonly<Record<string, string>>;
  /** Looks behind the scenes; after a restart of the server over a new connection. Counts come as numbers. */
  query: EmptyDatabase['query'];
  [Symbol.asyncDispose](): Promise<void>;
}

const getTypeParser = ((id: number, format?: 'text' | 'binary') =>
  id === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser;

export async function ownDatabase(options: PostgresqlServerOptions = {}): Promise<OwnDatabase> {
  const server = await startPostgresql(options);
  let client: pg.Client | undefined;

  async function connected(): Promise<pg.Client> {
    if (client) return client;
    const made = new pg.Client({ connectionString: server.url, types: { getTypeParser } });
    const forget = () => {
      if (client === made) client = undefined;
    };
    made.on('error', forget);
    made.on('end', forget);
    await made.connect();
    client = made;
    return made;
  }

  async function query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    const results = [await (await connected()).query(sql, values && [...values])].flat();
    return (results.at(-1)?.rows ?? []) as Row[];
  }

  return {
    server,
    environment: { DATABASE_URL: server.url },
    query,
    async [Symbol.asyncDispose]() {
      await client?.end().catch(() => undefined);
      await server[Symbol.asyncDispose]();
    },
  };
}
