import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ownTables } from '../../src/database/row-security.ts';
import { testDatabaseKind } from '../support/empty-database.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { type RoleDatabase, startRoleServer } from '../support/role-server.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const skip = testDatabaseKind() === 'postgresql' && findPostgresqlBinaries() ? false : 'needs a PostgreSQL server of its own';
const role = 'chodae_service';
const password = 'choose-a-password';

/** @returns the statements between two comments of docs/guides/database.md. */
function documented(name: string): string[] {
  const page = readFileSync(new URL('../../docs/guides/database.md', import.meta.url), 'utf8');
  const block = page.split(`<!-- ${name}: begin`)[1]?.split(`<!-- ${name}: end -->`)[0] ?? '';
  const sql = /```sql\n([^`]+)```/.exec(block)?.[1] ?? '';
  const statements = sql.replaceAll(/^--.*$/gm, '').split(';\n');
  return statements.map((text) => text.trim()).filter((text) => text !== '');
}

async function runAsOwner(database: RoleDatabase, statements: readonly string[]): Promise<void> {
  assert.ok(statements.length >= 5);
  for (const sql of statements) await database.ask(sql, 'chodae');
}

async function assertSignUpsWork(environment: Readonly<Record<string, string>>, database: RoleDatabase): Promise<void> {
  await database.ask(`INSERT INTO "Invitation" (code, max_uses) VALUES ('ONE', 1), ('SEATS', 3) ON CONFLICT DO NOTHING`, 'chodae');
  await using server = await startServer({ environment });
  const client = signUpClient(server.url);
  for (const code of ['ONE', 'SEATS', 'SEATS']) {
    const { step, answer } = await client.signUp(code);
    assert.deepEqual([step, answer.status], ['phone', 200], JSON.stringify(answer.body));
  }
  const verified = await client.verify('SEATS');
  const bearer = { authorization: `Bearer ${verified.body.sessionId}` };
  assert.equal((await client.send('DELETE', '/auth/register/session', undefined, bearer)).status, 200);
}

test('after a migration by the owner, the service works as a role that may change no table', { skip }, async () => {
  await using server = await startRoleServer('ordinary');
  const database = await server.database('least');
  assert.equal((await runChodae(['migrate'], { environment: { DATABASE_URL: database.url } })).code, 0);
  await runAsOwner(database, documented('least privilege'));
  for (const sql of ['CREATE TABLE more ()', 'ALTER TABLE "User" ADD COLUMN more text', 'DROP TABLE "User"', 'CREATE SCHEMA more']) {
    await assert.rejects(database.ask(sql, role), { code: '42501' }, sql);
  }
  const environment = { DATABASE_URL: database.urlOf(role, password) };
  await assertSignUpsWork(environment, database);
  const doctor = await runChodae(['doctor'], { environment });
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.match(doctor.stdout, /✓ rights: the role of DATABASE_URL lacks none/);

  await database.ask(`REVOKE INSERT ON "User" FROM ${role}`, 'chodae');
  const lacking = await runChodae(['doctor'], { environment });
  assert.equal(lacking.code, 1);
  assert.match(
    lacking.stdout,
    /✗ rights: the role of DATABASE_URL lacks INSERT on "User"\n +Grant them as the owner of the tables\.\n +See docs\/guides\/database\.md#/,
  );
  const unused = await server.database('unused');
  const cannotMigrate = await runChodae(['doctor'], { environment: { DATABASE_URL: unused.urlOf(role, password) } });
  assert.equal(cannotMigrate.code, 1);
  assert.match(cannotMigrate.stdout, /✗ rights: the role that migrates lacks CREATE on schema public, CREATE on database unused, and/);
});

test('a role without the rights to migrate, or to read the list of migrations, gets a message about it', {
  skip,
}, async () => {
  await using server = await startRoleServer('ordinary');
  const database = await server.database('pending');
  assert.equal((await runChodae(['migrate'], { environment: { DATABASE_URL: database.url } })).code, 0);
  await runAsOwner(database, documented('least privilege'));
  const environment = { DATABASE_URL: database.urlOf(role, password) };
  const newest = 'SELECT max(created_at) FROM drizzle.__drizzle_migrations';
  await database.ask(`DELETE FROM drizzle.__drizzle_migrations WHERE created_at = (${newest})`, 'chodae');
  const pending = await runChodae(['serve', '--port', '0'], { environment });
  assert.equal(pending.code, 1);
  assert.match(
    pending.stderr,
    /^The database role may not read or change the schema \([^\n]+\)\. Nothing was changed\. Run `npx chodae migrate` once as/,
  );

  await database.ask(`REVOKE SELECT ON drizzle.__drizzle_migrations FROM ${role}`, 'chodae');
  const unreadable = await runChodae(['serve', '--port', '0'], { environment });
  assert.equal(unreadable.code, 1);
  assert.match(
    unreadable.stderr,
    /^The database role may not read or change the schema \(permission denied for table __drizzle_migrations\)/,
  );
});

test('on Supabase such a role sees no row and does not start, until it has policies', { skip }, async () => {
  await using server = await startRoleServer('supabase');
  const database = await server.database('policies');
  assert.equal((await runChodae(['migrate'], { environment: { DATABASE_URL: database.url } })).code, 0);
  await runAsOwner(database, documented('least privilege'));
  const environment = { DATABASE_URL: database.urlOf(role, password) };
  const blind = await runChodae(['serve', '--port', '0'], { environment });
  assert.equal(blind.code, 1);
  assert.match(blind.stderr, /^Row level security hides the rows of our own tables from the role of DATABASE_URL, [^\n]+\n$/);
  const doctor = await runChodae(['doctor'], { environment });
  assert.equal(doctor.code, 1);
  assert.match(doctor.stdout, /✗ row level security: row level security hides our own tables from the role of DATABASE_URL/);

  const policies = documented('policies');
  assert.equal(policies.length, ownTables.length);
  await runAsOwner(database, policies);
  await assertSignUpsWork(environment, database);
  for (const table of ownTables) await assert.rejects(database.ask(`SELECT * FROM "${table}"`, 'anon'), { code: '42501' });
  assert.equal((await runChodae(['doctor'], { environment })).code, 0);
});
