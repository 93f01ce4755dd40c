import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { temporaryFolder } from './temporary.ts';
import { testPoolerUrl, testServerUrl } from './test-server.ts';

/** What a tier of tests runs over. */
export type TestDatabaseKind = 'embedded' | 'postgresql' | 'pgbouncer';
const testDatabaseKinds: readonly TestDatabaseKind[] = ['embedded', 'postgresql', 'pgbouncer'];

/** An empty database, for a program that is configured by its environment. */
export interface EmptyDatabase {
  readonly kind: TestDatabaseKind;
  /** `DATA_DIR`, or `DATABASE_URL` (and `DIRECT_URL` if that leads through PgBouncer). */
  readonly environment: Readonly<Record<string, string>>;
  /** The direct address of the database; not of an embedded one. */
  readonly url: string | undefined;
  /**
   * Queries the database on a separate connection that bypasses the pooler. Counts are numbers.
   * @throws Error for the embedded database, which one process alone can open.
   */
  query<Row = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @returns the value of `CHODAE_TEST_DATABASE`; default: the embedded database. */
export function testDatabaseKind(): TestDatabaseKind {
  const named = process.env.CHODAE_TEST_DATABASE || 'embedded';
  const kind = testDatabaseKinds.find((one) => one === named);
  if (!kind) throw new Error(`CHODAE_TEST_DATABASE is ${named}; write ${testDatabaseKinds.join(', ')}.`);
  return kind;
}

/**
 * Makes an empty database of the kind that this run is about.
 * @param template finds the database of a PostgreSQL server that is copied instead.
 */
export function emptyDatabase(
  kind: TestDatabaseKind = testDatabaseKind(),
  template?: (server: string) => Promise<string>,
): Promise<EmptyDatabase> {
  return kind === 'embedded' ? emptyFolder() : emptyPostgresql(kind, template);
}

async function emptyFolder(): Promise<EmptyDatabase> {
  const folder = temporaryFolder('embedded');
  const drop = async () => folder.remove();
  const query = () => Promise.reject(new Error('Only the process that opened an embedded database can look into it.'));
  const environment = { DATA_DIR: path.join(folder.path, 'data') };
  return { kind: 'embedded', environment, url: undefined, query, drop, [Symbol.asyncDispose]: drop };
}

async function emptyPostgresql(kind: 'postgresql' | 'pgbouncer', template?: (server: string) => Promise<string>): Promise<EmptyDatabase> {
  const server = await testServerUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name}${template ? ` TEMPLATE ${await template(server)}` : ''}`);
  const url = withDatabase(server, name);
  const environment =
    kind === 'postgresql' ? { DATABASE_URL: url } : { DATABASE_URL: withDatabase(await testPoolerUrl(), name), DIRECT_URL: url };
  let client: pg.Client | undefined;

  async function query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    client ??= await connect(url);
    // Without values several statements may come at once, and each has a result.
    const results = [await client.query(sql, values && [...values])].flat();
    return (results.at(-1)?.rows ?? []) as Row[];
  }

  async function drop(): Promise<void> {
    await client?.end();
    client = undefined;
    // By force: a pooler keeps its connections, and a killed server's are noticed late.
    const byForce = `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`;
    for (let tries = 0; tries < 50; tries += 1) {
      const refusal = await onServer(server, byForce).catch((error: { code?: string }) => error);
      if (refusal === undefined) return;
      // After many new rows autovacuum runs: its process has no user, so FORCE may not end it; a plain DROP DATABASE does.
      if (refusal.code !== '42501') throw refusal;
      await sleep(200);
    }
    await onServer(server, byForce);
  }

  return { kind, environment, url, query, drop, [Symbol.asyncDispose]: drop };
}

/** @returns the address of another database of the same server. */
export function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = await connect(url);
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Connects separately, bypassing any pooler. */
export async function connect(url: string): Promise<pg.Client> {
  const getTypeParser = ((id: number, format?: 'text' | 'binary') =>
    id === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser;
  const client = new pg.Client({ connectionString: url, types: { getTypeParser } });
  // Where a test ends the server under it, the next query says so.
  client.on('error', () => {});
  await client.connect();
  return client;
}
