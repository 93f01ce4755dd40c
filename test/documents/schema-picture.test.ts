import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { drawSchema } from '../../scripts/schema-picture.ts';
import { openEmbeddedDatabase } from '../../src/database/embedded.ts';
import { embeddedTemplate } from '../support/embedded-template.ts';
import { createOriginalTables } from '../support/original-database.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { isRequired } from '../support/requirements.ts';
import { postgresqlVariable } from '../support/test-server.ts';
import { unmigratedDatabase } from '../support/unmigrated-database.ts';

const committed = readFileSync(new URL('../../docs/reference/schema.sql', import.meta.url), 'utf8');
const hasServer = Boolean(process.env[postgresqlVariable] || findPostgresqlBinaries() || isRequired('postgresql'));
const advice = 'docs/reference/schema.sql is not what the migrations make: run `npm run schema:picture` and commit it';

for (const kind of ['embedded', 'postgresql'] as const) {
  const skip = kind === 'postgresql' && !hasServer ? 'no PostgreSQL on this machine' : false;

  test(`docs/reference/schema.sql is what the migrations make: ${kind}`, { skip }, async () => {
    await using database = await unmigratedDatabase(kind);
    await database.migrate();
    assert.equal(await drawSchema(database.ask), committed, advice);
  });

  test(`the original's database is upgraded to the same: ${kind}`, { skip }, async () => {
    await using database = await unmigratedDatabase(kind);
    await createOriginalTables(database.ask);
    await database.migrate();
    assert.equal(await drawSchema(database.ask), committed);
  });
}

test('the picture is SQL that creates the same schema', async () => {
  const { pglite, close } = await openEmbeddedDatabase({ directory: undefined, template: await embeddedTemplate() });
  await pglite.exec(committed);
  assert.equal(await drawSchema(async (sql) => (await pglite.query(sql)).rows as never), committed);
  await close();
});

test('objects that the picture cannot show are refused, not omitted', async () => {
  await using database = await unmigratedDatabase('embedded');
  await database.migrate();
  await database.ask('CREATE VIEW newest AS SELECT max(id) FROM "User"');
  await database.ask(`CREATE TYPE mood AS ENUM ('glad')`);
  await assert.rejects(drawSchema(database.ask), { message: /^The picture of the schema cannot show: relation newest, type mood\. Teach/ });
});
