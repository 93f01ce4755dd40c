import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { runChodae } from '../support/run-chodae.ts';

const skip = testDatabaseKind() === 'postgresql' ? false : 'about PostgreSQL asked directly';
const serveAt = (url: URL) => runChodae(['serve', '--port', '0'], { environment: { DATABASE_URL: url.href } });

test('a wrong password and a missing database get different messages', { skip }, async () => {
  await using database = await emptyDatabase('postgresql');
  const wrongPassword = new URL(database.url ?? '');
  wrongPassword.password = 'Geheim7%40Fenster9';
  const refused = await serveAt(wrongPassword);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /refuses the password of/);
  for (const secret of ['Geheim7', 'Fenster9']) assert.ok(!`${refused.stdout}${refused.stderr}`.includes(secret));

  const noDatabase = new URL(database.url ?? '');
  noDatabase.pathname = '/not_there';
  const missing = await serveAt(noDatabase);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /There is no database "not_there"/);
  assert.ok(!`${missing.stdout}${missing.stderr}`.includes(`:${noDatabase.password}@`));
});
