import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { TestDatabaseKind } from '../test/support/empty-database.ts';
import { findPgbouncer, startPgbouncer } from '../test/support/pgbouncer.ts';
import { startPostgresql } from '../test/support/postgresql.ts';
import { findPostgresqlBinaries } from '../test/support/postgresql-binaries.ts';
import { pgbouncerVariable, postgresqlVariable } from '../test/support/test-server.ts';

/** A database that tests can run over, or what to do to get it. */
export interface TestDatabaseChoice {
  readonly kind: TestDatabaseKind;
  readonly available: boolean;
  readonly description: string;
}

/** Looks what this machine has; starts nothing. */
export function findDatabases(): TestDatabaseChoice[] {
  const named = process.env[postgresqlVariable];
  const binaries = findPostgresqlBinaries();
  const pgbouncer = findPgbouncer();
  const hasServer = Boolean(named || binaries);
  const server = binaries
    ? `${versionOf(path.join(binaries, 'postgres'))}, started for this run`
    : `not found: install it or set ${postgresqlVariable}`;
  const pooler = pgbouncer ? `${versionOf(pgbouncer)} in front of it` : 'not found: install it';
  return [
    { kind: 'embedded', available: true, description: 'PGlite' },
    { kind: 'postgresql', available: hasServer, description: named ? `the server of ${postgresqlVariable}` : server },
    { kind: 'pgbouncer', available: hasServer && pgbouncer !== undefined, description: pooler },
  ];
}

/** The servers of one run of all tests, and how the test files find them. */
export interface StartedDatabases {
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts what the choices name and nobody has started yet. */
export async function startDatabases(choices: readonly TestDatabaseChoice[]): Promise<StartedDatabases> {
  const wanted = choices.filter((choice) => choice.available).map((choice) => choice.kind);
  const named = process.env[postgresqlVariable];
  const server = !named && wanted.includes('postgresql') ? await startPostgresql() : undefined;
  const url = named ?? server?.url;
  const pooler = url && wanted.includes('pgbouncer') ? await startPgbouncer({ target: url }) : undefined;
  return {
    environment: { ...(url && { [postgresqlVariable]: url }), ...(pooler && { [pgbouncerVariable]: pooler.url }) },
    async stop() {
      await pooler?.stop();
      await server?.[Symbol.asyncDispose]();
    },
  };
}

function versionOf(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? program;
}
