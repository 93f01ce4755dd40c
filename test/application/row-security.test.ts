import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownTables } from '../../src/database/row-security.ts';
import { createOriginalTables } from '../support/original-database.ts';
import { unmigratedDatabase } from '../support/unmigrated-database.ts';

test('without the roles of Supabase row level security stays off and no right is changed', async () => {
  await using database = await unmigratedDatabase();
  const { ask } = database;
  const restRoles = await ask(`SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated')`);
  assert.deepEqual(restRoles, [], 'the server of this run is like those of Supabase; supabase.test.ts is about such servers');
  await createOriginalTables(ask);
  assert.deepEqual((await database.migrate()).closedTables, []);
  const touched = await ask(`
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname IN ('public', 'drizzle') AND (relrowsecurity OR relforcerowsecurity OR relacl IS NOT NULL)
    UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'chodae%' AND proacl IS NOT NULL
    UNION ALL SELECT polname FROM pg_policy`);
  assert.deepEqual(touched, []);
});

test('the tables kept from the REST API are all tables of the schema', async () => {
  await using database = await unmigratedDatabase();
  await database.migrate();
  const tables = await database.ask<{ tablename: string }>(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
  assert.deepEqual(tables.map(({ tablename }) => tablename).sort(), [...ownTables].sort());
});
