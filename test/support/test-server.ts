import { startPgbouncer } from './pgbouncer.ts';
import { startPostgresql } from './postgresql.ts';

/** Where a test file finds PostgreSQL: the server itself, and PgBouncer in front of it. */
export const postgresqlVariable = 'TEST_DATABASE_URL';
export const pgbouncerVariable = 'TEST_PGBOUNCER_URL';

let direct: Promise<string> | undefined;
let pooled: Promise<string> | undefined;

/**
 * @returns the URL of a PostgreSQL server for this process, as a role that may create databases: the one that `npm run test:postgres` or `TEST_DATABASE_URL`
 *   names, else one started now that ends with the process, so that a single file can be run by itself.
 */
export function testServerUrl(): Promise<string> {
  direct ??= namedOrStarted(postgresqlVariable, () => startPostgresql());
  return direct;
}

/** @returns the URL of a PgBouncer in transaction mode in front of that server, found or started in the same way. */
export function testPoolerUrl(): Promise<string> {
  pooled ??= namedOrStarted(pgbouncerVariable, async () => startPgbouncer({ target: await testServerUrl() }));
  return pooled;
}

async function namedOrStarted(variable: string, start: () => Promise<{ url: string; process: { unref(): void } }>): Promise<string> {
  const named = process.env[variable];
  if (named) return named;
  const server = await start();
  // A test file ends when nothing is left to wait for; this ends with it.
  server.process.unref();
  return server.url;
}
