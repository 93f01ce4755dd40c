import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readConfig } from '../../src/config/read-config.ts';
import { openDatabase } from '../../src/database/open.ts';
import { ownTables } from '../../src/database/row-security.ts';
import { testDatabaseKind } from '../support/empty-database.ts';
import { createOriginalTables } from '../support/original-database.ts';
import { passlibHash } from '../support/original-rows.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { type RoleDatabase, type RoleServer, startRoleServer } from '../support/role-server.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const skip = testDatabaseKind() === 'postgresql' && findPostgresqlBinaries() ? false : 'needs a PostgreSQL server of its own';
let server: RoleServer;
before(async () => {
  if (!skip) server = await startRoleServer('supabase');
});
after(() => server?.[Symbol.asyncDispose]());

const roles = ['anon', 'authenticated'];
const sequences = ['"Invitation_id_seq"', '"User_id_seq"'];
const callFunctions = [
  `SELECT * FROM chodae_hold_seat(1, 'stolen', 600, 'network')`,
  `SELECT * FROM chodae_open_seat_session(1, 'stolen', 600)`,
];

/** Everything that the automatic REST API could do with our tables. */
function attempts(columns: Readonly<Record<string, string>>): string[] {
  const onTables = ownTables.flatMap((table) => [
    `SELECT * FROM "${table}"`,
    `SELECT count(*) FROM "${table}"`,
    `INSERT INTO "${table}" DEFAULT VALUES`,
    `UPDATE "${table}" SET "${columns[table]}" = "${columns[table]}"`,
    `DELETE FROM "${table}"`,
    `TRUNCATE "${table}"`,
  ]);
  const onSequences = sequences.flatMap((name) => [
    `SELECT nextval('${name}')`,
    `SELECT setval('${name}', 1)`,
    `SELECT last_value FROM ${name}`,
  ]);
  return [...onTables, ...onSequences, ...callFunctions];
}

async function assertClosed(database: RoleDatabase): Promise<void> {
  const columns = await database.ask<{ table: string; column: string }>(
    `SELECT table_name AS table, min(column_name) AS column FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1`,
  );
  const firstColumns = Object.fromEntries(columns.map(({ table, column }) => [table, column]));
  for (const role of roles) {
    for (const sql of attempts(firstColumns)) await assert.rejects(database.ask(sql, role), { code: '42501' }, `${role}: ${sql}`);
  }
}

async function migrate({ url }: RoleDatabase) {
  const { database, migration } = await openDatabase(readConfig({ DATABASE_URL: url }).database, () => {});
  await database.close();
  return migration;
}

async function findingOf({ url }: RoleDatabase, name: string) {
  const { code, stdout } = await runChodae(['doctor', '--json'], { environment: { DATABASE_URL: url } });
  const { findings } = JSON.parse(stdout) as { findings: { name: string; verdict: string; message: string; advice?: string }[] };
  return { code, ...findings.find((finding) => finding.name === name) };
}

test("the original's tables, public on Supabase, are closed by migrate, which says so", { skip }, async () => {
  const database = await server.database('original');
  const asOwner = (sql: string) => database.ask(sql, 'chodae');
  await createOriginalTables(asOwner as never);
  await asOwner(`INSERT INTO "User" (name, password, birthday, phone, "invitationId") VALUES ('홍길동', '${passlibHash.hash}', '', '', 1)`);
  // The problem: anyone could read the hash.
  assert.deepEqual(await database.ask('SELECT password FROM "User"', 'anon'), [{ password: passlibHash.hash }]);
  const open = await findingOf(database, 'row level security');
  assert.deepEqual([open.code, open.verdict], [1, 'problem']);
  assert.match(String(open.message), /REST API serves Invitation, RegisterSession, User to anyone who has the project's public key/);

  const { code, stdout } = await runChodae(['migrate'], { environment: { DATABASE_URL: database.url } });
  assert.equal(code, 0);
  for (const table of ownTables) assert.match(stdout, new RegExp(`no longer serves: .*\\b${table}\\b`));
  await assertClosed(database);
  assert.deepEqual(await database.ask('SELECT name FROM "User"', 'chodae'), [{ name: '홍길동' }]);
  assert.deepEqual(await findingOf(database, 'row level security').then(({ code, verdict }) => [code, verdict]), [0, 'ok']);
});

test('serve says it too, and the service works for its owner', { skip }, async () => {
  const database = await server.database('served');
  await using service = await startServer({ environment: { DATABASE_URL: database.url } });
  assert.match(service.output(), /Row level security turned on, so that Supabase's automatic REST API no longer serves: .*User/);
  await assertClosed(database);
  await database.ask(`INSERT INTO "Invitation" (code, max_uses) VALUES ('TEST001', 1), ('SEATS', 3)`, 'chodae');
  const client = signUpClient(service.url);
  for (const code of ['TEST001', 'SEATS', 'SEATS']) {
    const { step, answer } = await client.signUp(code);
    assert.deepEqual([step, answer.status], ['phone', 200], JSON.stringify(answer.body));
  }
  await assertClosed(database);
});

test('row level security alone still hides every row if the rights were granted again', { skip }, async () => {
  const database = await server.database('second_fence');
  await migrate(database);
  await database.ask(`INSERT INTO "Invitation" (code) VALUES ('SECRET')`, 'chodae');
  await database.ask('GRANT ALL ON ALL TABLES IN SCHEMA public TO anon, authenticated', 'chodae');
  for (const role of roles) {
    for (const table of ownTables) assert.deepEqual(await database.ask(`SELECT * FROM "${table}"`, role), []);
    await assert.rejects(database.ask(`INSERT INTO "Invitation" (id, code) VALUES (99, 'MINE')`, role), /row-level security policy/);
    assert.deepEqual(await database.ask('UPDATE "Invitation" SET is_used = true RETURNING 1', role), []);
    assert.deepEqual(await database.ask('DELETE FROM "Invitation" RETURNING 1', role), []);
  }
});

const reopenings: readonly (readonly [sql: string, names: readonly string[]])[] = [
  ['GRANT SELECT ON "User" TO anon', ['User']],
  ['GRANT SELECT ON "Invitation", "User" TO PUBLIC', ['Invitation', 'User']],
  ['ALTER TABLE "RegisterSession" DISABLE ROW LEVEL SECURITY', ['RegisterSession']],
  ['GRANT SELECT (password) ON "User" TO authenticated', ['User']],
  ['GRANT USAGE ON SEQUENCE "User_id_seq" TO anon', ['User']],
  ['GRANT EXECUTE ON FUNCTION chodae_hold_seat TO PUBLIC', ['chodae_hold_seat']],
  ['GRANT TRIGGER ON "User" TO anon', ['User']],
  ['GRANT REFERENCES ON "Invitation" TO authenticated', ['Invitation']],
  ['GRANT REFERENCES (id) ON "User" TO anon', ['User']],
  ['GRANT TRUNCATE ON audit_log TO PUBLIC', ['audit_log']],
  ['GRANT ALL ON ALL TABLES IN SCHEMA public TO anon', [...ownTables].sort()],
];

test('tables that were opened again are found by doctor and closed by the next migration', { skip }, async () => {
  const database = await server.database('reopened');
  await migrate(database);
  assert.deepEqual(await migrate(database), { applied: 0, closedTables: [] });
  for (const [sql, names] of reopenings) {
    await database.ask(sql, 'chodae');
    assert.deepEqual([...(await migrate(database)).closedTables].sort(), names, sql);
    await assertClosed(database);
  }
  await database.ask('ALTER TABLE "User" DISABLE ROW LEVEL SECURITY; GRANT SELECT ON "User" TO anon', 'chodae');
  const found = await findingOf(database, 'row level security');
  assert.deepEqual([found.code, found.verdict, found.advice], [1, 'problem', 'Run: npx chodae migrate']);
  assert.match(String(found.message), /serves User to anyone/);
  const { stdout } = await runChodae(['migrate', '--json'], { environment: { DATABASE_URL: database.url } });
  assert.deepEqual(JSON.parse(stdout), { applied: 0, closedTables: ['User'] });
  assert.equal((await findingOf(database, 'row level security')).verdict, 'ok');
});

test('a right through membership in another role is reported with the SQL that revokes it, and migrate promises nothing', {
  skip,
}, async () => {
  const database = await server.database('membership');
  await migrate(database);
  for (const sql of ['CREATE ROLE analysts NOLOGIN', 'CREATE ROLE "All analysts" NOLOGIN', 'GRANT analysts TO "All analysts"'])
    await database.ask(sql);
  await database.ask('ALTER ROLE anon INHERIT');
  const cases = [
    ['GRANT SELECT ON "User" TO analysts; GRANT "All analysts" TO anon', 'REVOKE "All analysts" FROM anon;', ['User']],
    ['GRANT TRIGGER ON "Invitation" TO analysts; GRANT analysts TO anon', 'REVOKE analysts FROM anon;', ['Invitation']],
    ['GRANT chodae TO anon', 'REVOKE chodae FROM anon;', [...ownTables]],
  ] as const;
  for (const [grant, revoke, tables] of cases) {
    await database.ask(grant);
    assert.deepEqual(await migrate(database), { applied: 0, closedTables: [] }, grant);
    const found = await findingOf(database, 'row level security');
    assert.deepEqual([found.code, found.verdict], [1, 'problem'], grant);
    for (const table of tables) assert.match(String(found.message), new RegExp(`serves .*\\b${table}\\b`));
    assert.equal(found.advice, `Run, as a superuser or as the role that granted it: ${revoke}`);
    await database.ask(revoke);
    await database.ask('REVOKE ALL ON "User", "Invitation" FROM analysts');
    assert.equal((await findingOf(database, 'row level security')).verdict, 'ok', revoke);
  }
  await database.ask('ALTER ROLE anon NOINHERIT');
  await assertClosed(database);
});
