import pg from 'pg';
import { migratePostgresql } from '../src/database/migrate.ts';
import { connect, withDatabase } from '../test/support/empty-database.ts';
import { createOriginalTables } from '../test/support/original-database.ts';
import { type PostgresqlServer, startPostgresql } from '../test/support/postgresql.ts';
import { codePrefix } from './load-plan.ts';

/** A PostgreSQL that waits for its disk, as it comes from its packages but for memory and the distance between checkpoints. */
export function openCluster(): Promise<PostgresqlServer> {
  return startPostgresql({
    settings: { fsync: 'on', synchronous_commit: 'on', shared_buffers: '256MB', max_wal_size: '4GB', max_connections: '200' },
  });
}

export interface Rows {
  /** Unused, one seat each; their codes are `codePrefix` and their id. */
  readonly invitations: number;
  /** Session n is on invitation n. */
  readonly sessions?: 'all steps but the last';
  /** How many of the invitations, the last ones, are used by a user. */
  readonly users?: number;
}

export interface BenchDatabase extends AsyncDisposable {
  readonly url: string;
  readonly tables: 'ours' | 'original' | 'none';
  query(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Empties the tables, fills them again, and waits for a checkpoint, so that each round begins alike. */
  fill(rows: Rows): Promise<void>;
}

let databases = 0;

export async function createDatabase(cluster: PostgresqlServer, tables: BenchDatabase['tables']): Promise<BenchDatabase> {
  databases += 1;
  const name = `bench_${databases}`;
  const superuser = await connect(cluster.adminUrl);
  await superuser.query(`CREATE DATABASE ${name} OWNER chodae`);
  const url = withDatabase(cluster.url, name);
  const client = await connect(url);
  const query = async (sql: string) => (await client.query(sql)).rows;
  if (tables === 'original') await createOriginalTables((sql) => query(sql) as Promise<never[]>);
  if (tables === 'ours') {
    await migrate(url);
    // As the service sets it for its connections, so that the peers with our statement have the same plans.
    await query(`ALTER DATABASE ${name} SET enable_seqscan = off`);
    await query(`ALTER DATABASE ${name} SET jit = off`);
  }
  return {
    url,
    tables,
    query,
    async fill(rows) {
      if (tables === 'none') return;
      for (const sql of filling(rows, tables, await tablesOf(query))) await query(sql);
      await superuser.query('CHECKPOINT');
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await superuser.end();
    },
  };
}

async function migrate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await migratePostgresql(client).finally(() => client.end());
}

async function tablesOf(query: BenchDatabase['query']): Promise<string[]> {
  const rows = await query(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(Invitation|RegisterSession|User|registration_.*)$'`,
  );
  return rows.map(({ name }) => String(name));
}

/** @returns statements that leave these rows and no others. */
export function filling({ invitations, sessions, users = 0 }: Rows, tables: 'ours' | 'original', names: readonly string[]): string[] {
  const person = `'손님', '$2b$12$' || repeat('x', 53), '1990-01-01'`;
  const [networkColumn, network] = tables === 'ours' ? [', network_key', `, left(md5(n::text), 16)`] : ['', ''];
  return [
    `TRUNCATE ${names.join(', ')} RESTART IDENTITY`,
    `INSERT INTO "Invitation" (code, is_used, used_by)
     SELECT '${codePrefix}' || n, n > ${invitations - users}, CASE WHEN n > ${invitations - users} THEN n - ${invitations - users} END
     FROM generate_series(1, ${invitations}) n`,
    ...(users === 0
      ? []
      : [
          `INSERT INTO "User" (name, password, birthday, phone, "invitationId")
           SELECT ${person}, '010-' || lpad((n / 10000)::text, 4, '0') || '-' || lpad((n % 10000)::text, 4, '0'), ${invitations - users} + n
           FROM generate_series(1, ${users}) n`,
        ]),
    ...(sessions
      ? [
          `INSERT INTO "RegisterSession" ("sessionId", "invitationId", name, password, birthday${networkColumn})
           SELECT md5(n::text), n, ${person}${network} FROM generate_series(1, ${Math.min(invitations - users, 20_000)}) n`,
        ]
      : []),
    ...names.map((name) => `VACUUM ANALYZE ${name}`),
  ];
}
