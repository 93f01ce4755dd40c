import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SchemaError } from '../../src/database/schema-state.ts';
import { freshDatabase } from '../support/database.ts';
import { emptyDatabase, testDatabaseKind, withDatabase } from '../support/empty-database.ts';
import { createOriginalTables } from '../support/original-database.ts';
import { runChodae } from '../support/run-chodae.ts';
import { type Ask, unmigratedDatabase } from '../support/unmigrated-database.ts';

/** All objects in the database, and the rows of the tables that a case fills. */
async function readEverything(ask: Ask): Promise<unknown> {
  const made = await ask<{ schema: string; name: string; kind: string }>(`
    SELECT nspname AS schema, relname AS name, relkind AS kind, attname AS column, format_type(atttypid, atttypmod) AS type, relrowsecurity
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY nspname, relname, attnum`);
  const tables = [...new Set(made.filter(({ kind }) => kind === 'r').map(({ schema, name }) => `"${schema}"."${name}"`))];
  const rows: unknown[] = [];
  for (const table of tables) rows.push(await ask(`SELECT row::text FROM ${table} AS row ORDER BY 1`));
  return { made, rows, functions: await ask(`SELECT proname FROM pg_proc WHERE proname LIKE 'chodae%'`) };
}

interface Refused {
  readonly name: string;
  /** Runs before `prepare`. */
  readonly isMigrated?: true;
  prepare(ask: Ask): Promise<unknown>;
  readonly says: RegExp;
}

const otherLedger = [
  'CREATE SCHEMA drizzle',
  'CREATE TABLE drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint)',
  `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('0f', 1700000000000), ('1e', 1900000000000)`,
];

const cases: readonly Refused[] = [
  {
    name: 'a "User" table of another program',
    async prepare(ask) {
      await ask('CREATE TABLE "User" (id uuid PRIMARY KEY, email text NOT NULL)');
      await ask(`INSERT INTO "User" VALUES ('5b0c9f5e-7f0b-4a27-9b0d-9c1f4d9b7a10', 'somebody@example.com')`);
    },
    says: /has a table "User" without the columns name, password, birthday, phone, invitationId, so it belongs to another program\. Use another database, or another schema \(…\?schema=chodae/,
  },
  {
    name: 'a "User" table of the right names and other types',
    async prepare(ask) {
      await createOriginalTables(ask);
      await ask('DROP TABLE "User"');
      await ask('CREATE TABLE "User" (id uuid, name text, password text, birthday date, phone text, "invitationId" integer)');
    },
    says: /has a table "User" whose column id is of the type uuid, so it belongs to another program/,
  },
  {
    name: 'an "Invitation" table of another program',
    prepare: (ask) => ask('CREATE TABLE "Invitation" (id serial PRIMARY KEY, code text, used_by integer)'),
    says: /has a table "Invitation" without the column is_used,/,
  },
  {
    name: 'a table of another program with the name of a new one',
    async prepare(ask) {
      await createOriginalTables(ask);
      await ask('CREATE TABLE registration_receipts (id serial PRIMARY KEY)');
    },
    says: /^The schema was not brought up to date, and nothing was changed: relation "registration_receipts" already exists\.$/,
  },
  {
    name: 'the ledger of another program',
    async prepare(ask) {
      for (const sql of otherLedger) await ask(sql);
    },
    says: /^The table drizzle\.__drizzle_migrations lists the migrations of another program and none of Chodae's\. Use another/,
  },
  {
    name: 'a schema that a newer version made',
    isMigrated: true,
    prepare: (ask) =>
      ask(
        `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT 'later', max(created_at) + 1 FROM drizzle.__drizzle_migrations`,
      ),
    says: /^The database was migrated by a newer version of Chodae than this one, which could damage it\. Start the newer version, or/,
  },
  {
    name: 'tables without their ledger',
    isMigrated: true,
    prepare: (ask) => ask('DROP SCHEMA drizzle CASCADE'),
    says: /^The tables of Chodae are there, but the list of migrations \(drizzle\.__drizzle_migrations\) is not: .* Restore the backup together with/,
  },
  {
    name: 'a ledger without its tables',
    isMigrated: true,
    prepare: (ask) => ask('DROP TABLE "Invitation", "User", "RegisterSession", registration_receipts, registration_attempts'),
    says: /^The tables of Chodae are gone, but the list of migrations .* DROP TABLE drizzle\.__drizzle_migrations$/,
  },
];

for (const { name, isMigrated, prepare, says } of cases) {
  test(`${name}: refused with a message, nothing changed`, async () => {
    await using database = await unmigratedDatabase();
    if (isMigrated) await database.migrate();
    await prepare(database.ask);
    const before = await readEverything(database.ask);
    await assert.rejects(database.migrate(), (error: unknown) => {
      assert.ok(error instanceof SchemaError, String(error));
      assert.match(error.message, says);
      return true;
    });
    assert.deepEqual(await readEverything(database.ask), before);
  });
}

test('serve and migrate print the message and exit with 1', async () => {
  await using fresh = await freshDatabase();
  await fresh.query('CREATE TABLE "User" (id uuid PRIMARY KEY)');
  const serve = await runChodae(['serve', '--port', '0'], fresh);
  assert.deepEqual([serve.code, serve.stdout], [1, '']);
  assert.match(serve.stderr, /^The database has a table "User" without the columns [^\n]+ Use another database, [^\n]+\n$/);
  const migrate = await runChodae(['migrate', '--json'], fresh);
  assert.deepEqual([migrate.code, migrate.stderr], [1, serve.stderr]);
  assert.deepEqual(JSON.parse(migrate.stdout), { error: { code: 'refused', message: serve.stderr.trim() } });
});

test('serve and migrate refuse a newer schema with exit code 1', async () => {
  await using fresh = await freshDatabase();
  assert.equal((await runChodae(['migrate'], fresh)).code, 0);
  await fresh.query(`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)`);
  for (const words of [['serve', '--port', '0'], ['migrate']]) {
    const { code, stderr } = await runChodae(words, fresh);
    assert.equal(code, 1, words.join(' '));
    assert.match(stderr, /^The database was migrated by a newer version of Chodae [^\n]+\n$/);
  }
});

test('a database in another encoding is refused', { skip: testDatabaseKind() === 'postgresql' ? false : 'about PostgreSQL' }, async () => {
  await using empty = await emptyDatabase();
  const name = `latin_${randomBytes(6).toString('hex')}`;
  await empty.query(`CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
  try {
    const { code, stderr } = await runChodae(['migrate'], { environment: { DATABASE_URL: withDatabase(String(empty.url), name) } });
    assert.equal(code, 1);
    assert.match(stderr, /^The database is encoded in LATIN1, and Chodae needs UTF8\. [^\n]+\n$/);
  } finally {
    await empty.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
});
