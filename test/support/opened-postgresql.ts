import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { PostgresqlAddress } from '../../src/config/config.ts';
import { parsePostgresqlUrl } from '../../src/config/postgresql-address.ts';
import { statement } from '../../src/database/database.ts';
import { databaseProblems, sqlstate } from '../../src/database/database-errors.ts';
import { openPostgresql, type PostgresqlOptions } from '../../src/database/postgresql.ts';
import { Problem } from '../../src/problems.ts';
import { startFragileProxy } from './fragile-proxy.ts';
import { newDeadline } from './new-deadline.ts';
import { findPgbouncer } from './pgbouncer.ts';
import { findPostgresqlBinaries } from './postgresql-binaries.ts';
import { testServerUrl } from './test-server.ts';

const hasServer = process.env.TEST_DATABASE_URL || findPostgresqlBinaries();
export const skip = hasServer ? false : 'no PostgreSQL: TEST_DATABASE_URL is not set and no server programs were found';
export const skipPooled = skip || (process.env.TEST_PGBOUNCER_URL || findPgbouncer() ? false : 'no PgBouncer on this machine');

export function addressOf(text: string, changes: Partial<PostgresqlAddress> = {}): PostgresqlAddress {
  const reading = parsePostgresqlUrl(text);
  assert.ok('address' in reading);
  return { ...reading.address, ...changes };
}

export async function open(t: TestContext, changes: Partial<PostgresqlAddress> = {}, options: Partial<PostgresqlOptions> = {}) {
  const database = openPostgresql(addressOf(await testServerUrl(), changes), { poolSize: 3, ...options });
  t.after(() => database.close());
  return database;
}

/** A table of this test alone, dropped at its end. */
export async function numbersTable(t: TestContext) {
  const database = openPostgresql(addressOf(await testServerUrl()), { poolSize: 1 });
  const table = `numbers_${Math.random().toString(36).slice(2)}`;
  await database.run(
    statement(`create_${table}`, `CREATE TABLE ${table} (value integer CONSTRAINT ${table}_once UNIQUE, hits integer DEFAULT 0)`),
    [],
    newDeadline(),
  );
  await database.run(statement(`fill_${table}`, `INSERT INTO ${table} VALUES (1), (2)`), [], newDeadline());
  t.after(async () => {
    await database.run(statement(`drop_${table}`, `DROP TABLE ${table}`), [], newDeadline());
    await database.close();
  });
  return {
    table,
    hit: statement(`hit_${table}`, `UPDATE ${table} SET hits = hits + 1 WHERE value = $1`),
    insert: statement(`insert_${table}`, `INSERT INTO ${table} (value) VALUES ($1)`),
    read: statement<{ value: number; hits: number }>(`read_${table}`, `SELECT * FROM ${table} ORDER BY value`),
  };
}

export async function proxied(t: TestContext) {
  const { host, port } = addressOf(await testServerUrl());
  const proxy = await startFragileProxy({ host, port });
  t.after(() => proxy.stop());
  return proxy;
}

/** Milliseconds; far above every limit, because the machine may be busy. The long forms of `test/faults` measure the limits themselves. */
export const noHang = 8_000;

const isDatabaseUnavailable = (error: unknown) => error instanceof Problem && error.kind === databaseProblems.database_unavailable;

/** @returns milliseconds until the refusal. */
export async function assertUnavailable(call: Promise<unknown>, state?: string): Promise<number> {
  const startedAt = performance.now();
  await assert.rejects(call, (error) => isDatabaseUnavailable(error) && sqlstate(error) === state);
  return performance.now() - startedAt;
}

export const one = statement<{ one: number }>('one', 'SELECT 1 AS one');
export const backend = statement<{ pid: number }>('backend', 'SELECT pg_backend_pid() AS pid');
export const terminate = statement('terminate', 'SELECT pg_terminate_backend($1)');
export const pause = statement('pause', 'SELECT pg_sleep($1)');
export const setting = statement<{ value: string }>('setting', 'SELECT current_setting($1) AS value');
