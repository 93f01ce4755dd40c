import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { knownMigrations, migratePostgresql } from '../../src/database/migrate.ts';
import { SchemaError } from '../../src/database/schema-state.ts';
import { type EmptyDatabase, emptyDatabase } from '../support/empty-database.ts';
import { createOriginalTables, readOriginalRows } from '../support/original-database.ts';
import { fillOriginalTables } from '../support/original-rows.ts';
import { testRounds } from '../support/rounds.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

const rounds = testRounds(2);
const processes = 8;

async function startAll(database: EmptyDatabase): Promise<ServerProcess[]> {
  const environment = { ...database.environment, DATABASE_POOL_SIZE: '2' };
  const starts = await Promise.allSettled(Array.from({ length: processes }, () => startServer({ environment, startSeconds: 180 })));
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (!failed) return servers;
  for (const server of servers) await server.kill();
  throw failed.reason;
}

const ledgerRows = (database: EmptyDatabase) =>
  database
    .query<{ moment: number }>('SELECT created_at AS moment FROM drizzle.__drizzle_migrations ORDER BY id')
    .then((rows) => rows.map((row) => row.moment));

async function startRound(database: EmptyDatabase): Promise<void> {
  const servers = await startAll(database);
  try {
    for (const { url } of servers) assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.deepEqual(await ledgerRows(database), knownMigrations());
    const migrators = servers.filter((server) => server.output().includes('migrations applied'));
    assert.equal(migrators.length, 1, 'exactly one process has migrated');
  } finally {
    for (const exit of await Promise.all(servers.map((server) => server.stop()))) assert.equal(exit.code, 0);
  }
}

test(`${processes} processes that start at once on an empty database are all ready, with one migration (${rounds} rounds)`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    await using database = await emptyDatabase();
    await startRound(database);
  }
});

test(`${processes} processes that start at once on the original's database are all ready, with one migration (${rounds} rounds)`, async () => {
  for (let round = 0; round < rounds; round += 1) {
    await using database = await emptyDatabase();
    const ask = <Row>(sql: string, values?: readonly unknown[]) => database.query<Row>(sql, values);
    await createOriginalTables(ask);
    await fillOriginalTables(ask);
    const before = await readOriginalRows(ask);
    await startRound(database);
    assert.deepEqual(await readOriginalRows(ask), before);
  }
});

/** @returns connections that bypass any pooler. */
async function connect(database: EmptyDatabase, count: number): Promise<{ clients: pg.Client[] } & AsyncDisposable> {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: database.url }));
  await Promise.all(clients.map((client) => client.connect()));
  return {
    clients,
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

test('a process that waited for the migration sees it, whatever the default isolation level', async () => {
  for (const isolation of ['repeatable read', 'serializable']) {
    await using database = await emptyDatabase();
    await database.query(
      `ALTER DATABASE ${new URL(String(database.url)).pathname.slice(1)} SET default_transaction_isolation = '${isolation}'`,
    );
    await using connections = await connect(database, 4);
    const outcomes = await Promise.all(connections.clients.map((client) => migratePostgresql(client)));
    const applied = outcomes.map((outcome) => outcome.applied).sort((left, right) => left - right);
    assert.deepEqual(applied, [0, 0, 0, knownMigrations().length]);
  }
});

test('a locked table makes the migration give up with a message, and the next one succeeds', async () => {
  await using database = await emptyDatabase();
  await createOriginalTables((sql) => database.query(sql));
  await using connections = await connect(database, 2);
  const [holder, migrator] = connections.clients;
  assert.ok(holder && migrator);
  await holder.query('BEGIN; SELECT * FROM "Invitation"');
  await assert.rejects(migratePostgresql(migrator, { lockMilliseconds: 100 }), (error: unknown) => {
    assert.ok(error instanceof SchemaError);
    assert.match(error.message, /an open transaction of another client holds one of the tables .* Nothing was changed\./);
    return true;
  });
  assert.deepEqual(await database.query(`SELECT to_regclass('drizzle.__drizzle_migrations')::text AS ledger`), [{ ledger: null }]);
  await holder.query('COMMIT');
  assert.equal((await migratePostgresql(migrator, { lockMilliseconds: 100 })).applied, knownMigrations().length);
});
