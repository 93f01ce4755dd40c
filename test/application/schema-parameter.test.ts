import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { readConfig } from '../../src/config/read-config.ts';
import { openDatabase } from '../../src/database/open.ts';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { createOriginalTables, readOriginalRows } from '../support/original-database.ts';
import { fillOriginalTables } from '../support/original-rows.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import type { Ask } from '../support/unmigrated-database.ts';

// A transaction pooler accepts no start-up parameters, and the embedded database has no address to put the parameter in.
const skip = testDatabaseKind() === 'postgresql' ? false : 'the parameter belongs to a direct address of PostgreSQL';

/** A database address with Prisma's parameter, and a way to inspect that schema. */
async function inSchema(url: string | undefined, schema: string): Promise<{ url: string; ask: Ask } & AsyncDisposable> {
  assert.ok(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`SET search_path = ${pg.escapeIdentifier(schema)}`);
  const ask: Ask = async <Row>(sql: string, values?: readonly unknown[]) => (await client.query(sql, values && [...values])).rows as Row[];
  return { url: `${url}?schema=${encodeURIComponent(schema)}`, ask, [Symbol.asyncDispose]: () => client.end() };
}

async function migrate(url: string) {
  const { database, migration } = await openDatabase(readConfig({ DATABASE_URL: url }).database, () => {});
  await database.close();
  return migration;
}

const tablesOf = (ask: Ask, schema: string) =>
  ask<{ tablename: string }>('SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1', [schema]).then((rows) =>
    rows.map((row) => row.tablename),
  );

test("the original's tables are upgraded in the schema that Prisma had put them in", { skip }, async () => {
  await using empty = await emptyDatabase('postgresql');
  await empty.query('CREATE SCHEMA myapp');
  await using myapp = await inSchema(empty.url, 'myapp');
  await createOriginalTables(myapp.ask);
  await fillOriginalTables(myapp.ask);
  const before = await readOriginalRows(myapp.ask);
  assert.ok((await migrate(myapp.url)).applied > 0);
  assert.deepEqual(await readOriginalRows(myapp.ask), before);
  assert.deepEqual(await tablesOf(myapp.ask, 'public'), []);
  assert.ok((await tablesOf(myapp.ask, 'myapp')).includes('registration_attempts'));
  assert.deepEqual(await migrate(myapp.url), { applied: 0, closedTables: [] });

  await using server = await startServer({ environment: { DATABASE_URL: myapp.url } });
  const { step, answer } = await signUpClient(server.url).signUp('TEST001');
  assert.deepEqual([step, answer.status], ['phone', 200], JSON.stringify(answer.body));
  assert.equal((await readOriginalRows(myapp.ask)).User?.rows.length, Number(before.User?.rows.length) + 1);
});

test('a missing schema is created, beside the tables of another program', { skip }, async () => {
  await using empty = await emptyDatabase('postgresql');
  await empty.query('CREATE TABLE "User" (id uuid PRIMARY KEY)');
  await empty.query(`INSERT INTO "User" VALUES ('5b0c9f5e-7f0b-4a27-9b0d-9c1f4d9b7a10')`);
  for (const schema of ['chodae', `Our "invited" 앱\\`]) {
    await using own = await inSchema(empty.url, schema);
    const { code, stdout, stderr } = await runChodae(['seed', '--json'], { environment: { DATABASE_URL: own.url } });
    assert.deepEqual([code, stderr], [0, ''], stdout);
    assert.deepEqual(await own.ask('SELECT count(*)::integer AS codes FROM "Invitation"'), [{ codes: 5 }]);
  }
  assert.deepEqual(await empty.query('SELECT * FROM public."User"'), [{ id: '5b0c9f5e-7f0b-4a27-9b0d-9c1f4d9b7a10' }]);
});

test('two schemas of one database are migrated independently', { skip }, async () => {
  await using empty = await emptyDatabase('postgresql');
  await using one = await inSchema(empty.url, 'one');
  await using two = await inSchema(empty.url, 'two');
  await using plain = await inSchema(empty.url, 'public');
  const outcomes = [await migrate(plain.url), await migrate(one.url), await migrate(two.url), await migrate(String(empty.url))];
  const applied = outcomes.map((outcome) => outcome.applied);
  assert.ok(Number(applied[0]) > 0);
  assert.deepEqual(applied, [applied[0], applied[0], applied[0], 0]);
  for (const { ask } of [one, two, plain]) assert.deepEqual(await ask('SELECT count(*)::integer AS users FROM "User"'), [{ users: 0 }]);
});

test('tables found in a later schema of the search path are refused instead of created a second time', { skip }, async () => {
  await using empty = await emptyDatabase('postgresql');
  assert.ok(empty.url);
  await createOriginalTables((sql) => empty.query(sql));
  await empty.query('CREATE SCHEMA first');
  await empty.query(`ALTER DATABASE ${new URL(empty.url).pathname.slice(1)} SET search_path = first, public`);
  await assert.rejects(migrate(empty.url), { message: /"Invitation" is in the schema public, .* Add \?schema=public to DATABASE_URL\.$/ });
  await using named = await inSchema(empty.url, 'public');
  assert.ok((await migrate(named.url)).applied > 0);
});
