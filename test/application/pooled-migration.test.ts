import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { runChodae } from '../support/run-chodae.ts';

const skip = testDatabaseKind() === 'pgbouncer' ? false : 'about a transaction pooler';

test('without a direct address migrations run through the transaction pooler, with a warning', { skip }, async () => {
  await using database = await emptyDatabase();
  const DATABASE_URL = String(database.environment.DATABASE_URL);
  const { code, stdout, stderr } = await runChodae(['migrate', '--json'], { environment: { DATABASE_URL } });
  assert.equal(code, 0, stderr);
  assert.ok(JSON.parse(stdout).applied > 0);
  assert.match(
    stderr,
    /^DATABASE_URL leads to a transaction pooler and DIRECT_URL is not set, so migrations run through the pooler: set DIRECT_URL to /,
  );
  assert.deepEqual(await database.query('SELECT count(*) AS users FROM "User"'), [{ users: 0 }]);
});
