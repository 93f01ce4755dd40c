import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statement } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { freshDatabase, openTestDatabase } from './database.ts';
import { newDeadline } from './new-deadline.ts';

const countUsers = statement<{ users: number }>('count_users', 'SELECT count(*) AS users FROM "User"');

test('an opened test database has the schema and can be looked into', async () => {
  await using opened = await openTestDatabase();
  assert.equal(opened.config.kind, opened.kind === 'embedded' ? 'embedded' : 'postgresql');
  assert.deepEqual(await opened.database.run(countUsers, [], newDeadline()), [{ users: 0 }]);
  assert.deepEqual(await opened.query('SELECT count(*) AS users FROM "User" WHERE id = $1', [1]), [{ users: 0 }]);
});

test('a fresh test database is empty until the program opens it', async () => {
  await using fresh = await freshDatabase();
  const tables = `SELECT tablename FROM pg_tables WHERE tablename IN ('User', 'Invitation') ORDER BY 1`;
  assert.deepEqual(await fresh.query(tables), []);
  const { database } = await openDatabase(fresh.config, () => {});
  await database.close();
  assert.deepEqual(await fresh.query(tables), [{ tablename: 'Invitation' }, { tablename: 'User' }]);
});
