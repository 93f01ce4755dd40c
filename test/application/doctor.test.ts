import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { samplePng } from '../support/built-pages.ts';
import { freshDatabase } from '../support/database.ts';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { findPostgresqlBinaries } from '../support/postgresql-binaries.ts';
import { startRoleServer } from '../support/role-server.ts';
import { runCommand } from '../support/run-command.ts';
import { printedLine, startServer } from '../support/server-process.ts';
import { freePort, temporaryFolder } from '../support/temporary.ts';

interface Finding {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly message: string;
  readonly advice?: string;
  readonly page: string;
}

const kind = testDatabaseKind();
const onlyEmbedded = kind === 'embedded' ? false : 'about the embedded database';
const onlyPostgresql = kind === 'embedded' ? 'about PostgreSQL' : false;
const ownServer = kind === 'postgresql' && findPostgresqlBinaries() ? false : 'needs a PostgreSQL server of its own';

/** Asks for JSON, and compares the exit code with what was found. */
async function examine(environment: Readonly<Record<string, string>>): Promise<Map<string, Finding>> {
  const { code, stdout } = await runCommand(['doctor', '--json'], { environment });
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  assert.equal(code, findings.some(({ verdict }) => verdict === 'problem') ? 1 : 0);
  for (const { name, message, page } of findings) {
    assert.match(message, /^\S.{4,}/, name);
    assert.match(page, /^docs\/(?:guides|reference)\/[\w-]+\.md#[\w-]+$/, name);
  }
  return new Map(findings.map((finding) => [finding.name, finding]));
}

/** @returns the message of the only problem found. */
async function problemOf(environment: Readonly<Record<string, string>>, name: string): Promise<string> {
  const findings = await examine(environment);
  const problems = [...findings.values()].filter(({ verdict }) => verdict === 'problem');
  assert.deepEqual(
    problems.map((finding) => finding.name),
    [name],
    JSON.stringify(problems),
  );
  return problems[0]?.message ?? '';
}

test('an unused database is ok and is not changed', async () => {
  await using empty = await emptyDatabase();
  const findings = await examine(empty.environment);
  assert.equal(findings.get('settings')?.verdict, 'ok');
  assert.equal(findings.get('database')?.verdict, 'ok');
  if (kind === 'embedded') {
    const directory = String(empty.environment.DATA_DIR);
    assert.equal(findings.get('database')?.message, `embedded, in ${directory}, made at the first start`);
    assert.equal(existsSync(directory), false);
    return;
  }
  assert.match(String(findings.get('database')?.message), /^PostgreSQL \d+, [\d.]+ ms a round trip$/);
  assert.match(String(findings.get('schema')?.message), /^\d+ migrations are pending$/);
  assert.equal(findings.get('retention'), undefined, 'it is unknown');
  assert.deepEqual(await empty.query(`SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'drizzle')`), []);
});

test('many seats held without a step are reported with the invitation, a few are not', { skip: onlyPostgresql }, async () => {
  await using fresh = await freshDatabase();
  assert.equal((await runCommand(['migrate'], { environment: fresh.environment })).code, 0);
  await fresh.query(`INSERT INTO "Invitation" (id, code, max_uses) VALUES (501, 'HALL', 20), (502, 'CALM', 20), (503, 'ONE', 1)`);
  const hold = (invitation: number, count: number) =>
    fresh.query(
      `INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at, network_key)
       SELECT gen_random_uuid()::text, $1, now() + interval '5 minutes', 'network' FROM generate_series(1, $2::integer)`,
      [invitation, count],
    );
  await hold(502, 9);
  await hold(503, 15);
  assert.equal((await examine(fresh.environment)).get('seats')?.verdict, 'ok');
  await hold(501, 12);
  const finding = (await examine(fresh.environment)).get('seats');
  assert.equal(finding?.verdict, 'warning');
  assert.match(String(finding?.message), /: 12 of 20 of invitation 501$/);
  assert.match(String(finding?.advice), /session list --invitation 501$/);
  await fresh.query(`UPDATE "RegisterSession" SET first_step_at = now() WHERE "invitationId" = 501`);
  assert.equal((await examine(fresh.environment)).get('seats')?.verdict, 'ok');
});

test('a database in use is ok; the text has a line per finding', async () => {
  await using fresh = await freshDatabase();
  await using server = await startServer({ environment: fresh.environment });
  const findings = await examine(fresh.environment);
  const { code, stdout, stderr } = await runCommand(['doctor'], { environment: fresh.environment });
  assert.deepEqual([code, stderr], [0, '']);
  const shown = stdout.split('\n').filter((line) => /^[✓!✗] /.test(line));
  // How long hashing takes is ignored: it was measured twice.
  const markOf = ({ name, verdict }: Finding) => (name === 'password hashing' ? '' : verdict === 'ok' ? '✓' : '!');
  assert.deepEqual(
    shown.map((line) => line.slice(0, line.indexOf(':')).replace(/^[✓!](?= password hashing)/, '')),
    [...findings.values()].map((finding) => `${markOf(finding)} ${finding.name}`),
  );
  for (const { name, advice, page, verdict } of findings.values()) {
    if (name !== 'password hashing' && advice) assert.ok(stdout.includes(`\n    ${advice}\n    See ${page}\n`), advice);
    if (verdict === 'ok') assert.equal(advice, undefined);
  }
  if (kind === 'embedded') assert.match(stdout, new RegExp(`in use by process ${server.process.pid} on `));
  else
    for (const name of ['schema', 'row level security', 'rights', 'connections', 'clock', 'retention'])
      assert.equal(findings.get(name)?.verdict, 'ok', name);
  if (kind === 'pgbouncer') assert.match(String(findings.get('connections')?.message), /^10 to the pooler, whose own limits count$/);
});

test('an unknown option is wrong usage', async () => {
  assert.equal((await runCommand(['doctor', '--everything'])).code, 2);
});

test('an invalid setting is a problem, reported without the password', async () => {
  const message = await problemOf({ DATABASE_URL: 'postgresql://owner:se#cr@t@db.example:5432/app', PORT: '99999' }, 'settings');
  assert.match(message, /DATABASE_URL .*write %40 for each "@" in the password/);
  assert.match(message, /PORT is "99999"/);
  assert.doesNotMatch(message, /se#cr|cr@t/);
});

test('lines of .env that are not read, and names close to a setting, are reported', async () => {
  await using empty = await emptyDatabase();
  const folder = temporaryFolder('doctor');
  writeFileSync(path.join(folder.path, '.env'), 'SESSION_MINUTES: 10\nDATBASE_URL=postgresql://db.example/secret\n', { mode: 0o600 });
  const { code, stdout } = await runCommand(['doctor', '--json'], { environment: empty.environment, directory: folder.path });
  folder.remove();
  assert.equal(code, 0);
  const told = (JSON.parse(stdout).findings as Finding[]).filter(({ name }) => name === 'settings');
  assert.deepEqual(
    told.map(({ verdict }) => verdict),
    ['warning', 'warning'],
  );
  assert.match(String(told[0]?.message), /^Line 1 of .*\.env is not read: write NAME=value/);
  assert.match(String(told[1]?.message), /^Line 2 of .*\.env sets DATBASE_URL, which is no setting: did you mean DATABASE_URL\?$/);
  assert.doesNotMatch(stdout, /db\.example|"every setting can be used"/);
});

test('a folder with other contents is a problem', { skip: onlyEmbedded }, async () => {
  const folder = temporaryFolder('doctor');
  const directory = path.join(folder.path, 'data');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'holiday.jpg'), '');
  assert.match(await problemOf({ DATA_DIR: directory }, 'database'), /is not empty and was not made by Chodae \(it holds holiday\.jpg\)/);
  folder.remove();
});

test('a schema on which the service would not start is a problem', { skip: onlyPostgresql }, async () => {
  await using empty = await emptyDatabase();
  await empty.query('CREATE TABLE "User" (id uuid PRIMARY KEY)');
  assert.match(await problemOf(empty.environment, 'schema'), /^The database has a table "User" without the columns name, /);
  await empty.query('DROP TABLE "User"');
  assert.equal((await runCommand(['migrate'], empty)).code, 0);
  await empty.query(`INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('later', 9999999999999)`);
  assert.match(await problemOf(empty.environment, 'schema'), /^The database was migrated by a newer version of Chodae/);
});

test('if nothing answers, the message names the address', async () => {
  const port = await freePort();
  const message = await problemOf({ DATABASE_URL: `postgresql://owner:secret@127.0.0.1:${port}/app` }, 'database');
  assert.match(message, new RegExp(`^Nothing accepts connections at 127\\.0\\.0\\.1:${port}\\. Start PostgreSQL there, or correct`));
});

test('if the direct address does not answer, the message says so', { skip: onlyPostgresql }, async () => {
  await using empty = await emptyDatabase();
  const DIRECT_URL = `postgresql://owner:secret@127.0.0.1:${await freePort()}/app`;
  const message = await problemOf({ ...empty.environment, DIRECT_URL }, 'database');
  assert.match(message, /^Nothing accepts connections at 127\.0\.0\.1:\d+\. .* correct host and port in DIRECT_URL\.$/);
});

test('a wrong password and a missing database are problems', { skip: ownServer }, async () => {
  await using server = await startRoleServer('ordinary');
  const database = await server.database('examined');
  const wrong = await problemOf({ DATABASE_URL: database.urlOf('chodae', 'not-the-password') }, 'database');
  assert.match(wrong, /refuses the password of "chodae"\. Correct it in DATABASE_URL\. An @, # or \/ in the password must be written %40/);
  assert.doesNotMatch(wrong, /not-the-password/);
  const missing = await problemOf({ DATABASE_URL: database.url.replace(/examined$/, 'nowhere') }, 'database');
  assert.match(missing, /^There is no database "nowhere" at 127\.0\.0\.1:\d+\. Create it, or correct the name/);
});

test('a Supabase project that does not answer may be paused', async () => {
  // No such project has an address, whether this machine knows the internet or not.
  const host = 'db.chodae-has-no-such-project.supabase.co';
  const message = await problemOf({ DATABASE_URL: `postgresql://postgres:secret@${host}:5432/postgres` }, 'database');
  assert.match(
    message,
    /^Supabase does not answer for this project\. .*https:\/\/supabase\.com\/dashboard, choose the project and press Resume/,
  );
  assert.doesNotMatch(message, /secret/);
});

test('links, and metrics open to others, are reported', async () => {
  await using empty = await emptyDatabase();
  const plain = await examine(empty.environment);
  assert.deepEqual([plain.get('links')?.verdict, plain.get('metrics')?.verdict], ['warning', 'ok']);
  const open = await examine({ ...empty.environment, PUBLIC_URL: 'https://invite.example', METRICS_PORT: '9464', HOST: '0.0.0.0' });
  assert.deepEqual([open.get('links')?.verdict, open.get('metrics')?.verdict], ['ok', 'ok']);
  const verdict = async (METRICS_HOST: string) =>
    (await examine({ ...empty.environment, METRICS_PORT: '9464', METRICS_HOST })).get('metrics')?.verdict;
  for (const host of ['127.0.0.1', '::1']) assert.equal(await verdict(host), 'ok', host);
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'fd00::1']) assert.equal(await verdict(host), 'warning', host);
});

test('files of the brand that the service cannot use are a problem', async () => {
  await using empty = await emptyDatabase();
  assert.equal((await examine(empty.environment)).has('brand'), false);
  const folder = temporaryFolder('brand');
  const [BRAND_LOGO, BRAND_IMAGE] = [path.join(folder.path, 'logo.svg'), path.join(folder.path, 'card.png')];
  writeFileSync(BRAND_LOGO, '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
  writeFileSync(BRAND_IMAGE, samplePng(800, 400));
  assert.match(await problemOf({ ...empty.environment, BRAND_LOGO }, 'brand'), /^BRAND_LOGO has an event handler/);
  assert.equal((await examine({ ...empty.environment, BRAND_IMAGE })).get('brand')?.verdict, 'warning');
  assert.equal((await examine({ ...empty.environment, BRAND_IMAGE, PUBLIC_URL: 'https://invite.example' })).get('brand')?.verdict, 'ok');
  folder.remove();
});

test("the pools of all workers are compared with the server's limit", { skip: ownServer }, async () => {
  await using empty = await emptyDatabase();
  const [row] = await empty.query<{ max_connections: string }>('SHOW max_connections');
  const allowed = Number(row?.max_connections);
  const workers = (count: number, pool: number) => ({
    ...empty.environment,
    DATABASE_POOL_SIZE: String(pool),
    WEB_CONCURRENCY: String(count),
  });
  const few = await examine(workers(2, allowed / 10));
  assert.ok(String(few.get('connections')?.message).startsWith(`2 workers × ${allowed / 10} = ${allowed / 5}, of ${allowed}`));
  assert.equal((await examine(workers(4, allowed / 5))).get('connections')?.verdict, 'warning');
  assert.match(await problemOf(workers(5, allowed / 4), 'connections'), new RegExp(`= ${(allowed * 5) / 4}`));
});

test("a clock an hour off the database's is reported", { skip: onlyPostgresql }, async (context) => {
  await using empty = await emptyDatabase();
  const { now } = Date;
  context.mock.method(Date, 'now', () => now() + 3_600_000);
  const findings = await examine(empty.environment);
  assert.equal(findings.get('clock')?.verdict, 'warning');
  assert.match(String(findings.get('clock')?.message), /^this machine's clock is 3\d{3}\.\d s ahead of that of the database/);
});

test('undeleted personal data and a too short audit log are reported', { skip: onlyPostgresql }, async () => {
  await using fresh = await freshDatabase();
  assert.equal((await runCommand(['migrate'], fresh)).code, 0);
  assert.equal((await examine(fresh.environment)).get('retention')?.verdict, 'ok');
  await fresh.query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at) VALUES ('old', 1, now() - interval '6 minutes')`,
  );
  assert.match(String((await examine(fresh.environment)).get('retention')?.message), /expired more than 5 minutes ago/);
  await fresh.query(`DELETE FROM "RegisterSession"`);
  await fresh.query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId") SELECT '', '', '', '', 1 FROM generate_series(1, 50000)`,
  );
  assert.equal((await examine(fresh.environment)).get('retention')?.verdict, 'ok');
  const short = await examine({ ...fresh.environment, AUDIT_RETENTION: '1y' });
  assert.match(String(short.get('retention')?.message), /50,000 users or more, and AUDIT_RETENTION is 1\.0 years/);
});

test('codes that are look-alikes are counted', { skip: onlyPostgresql }, async () => {
  await using empty = await emptyDatabase();
  assert.equal((await runCommand(['migrate'], { environment: empty.environment })).code, 0);
  assert.equal((await examine(empty.environment)).get('codes')?.verdict, 'ok');
  await empty.query(`INSERT INTO "Invitation" (code) VALUES ('Twin'), ('TWIN'), ('tw-in'), ('O1'), ('0l'), ('alone'), ('-'), ('--')`);
  const { verdict, message } = (await examine(empty.environment)).get('codes') ?? assert.fail();
  assert.equal(verdict, 'warning');
  assert.match(message, /^2 groups of codes/);
});

test('codes that no typing reaches are counted with the invitation', { skip: onlyPostgresql }, async () => {
  await using empty = await emptyDatabase();
  assert.equal((await runCommand(['migrate'], { environment: empty.environment })).code, 0);
  const reached = ['PLAIN-1', 'A\r\n', '\u200bB', 'C–1', '봄'.normalize('NFD'), ' two  spaces ', '(1)', '-', '\u00e9'];
  await empty.query('INSERT INTO "Invitation" (code) SELECT unnest($1::text[])', [reached]);
  assert.equal((await examine(empty.environment)).get('typed codes')?.verdict, 'ok');
  const unreached = ['BELL\u0007', '\u200b', '', '(1)\r', '"A"\u00a0', `${'x'.repeat(257)}`];
  await empty.query(
    'INSERT INTO "Invitation" (id, code) SELECT 900 + place, code FROM unnest($1::text[]) WITH ORDINALITY AS made (code, place)',
    [unreached],
  );
  const { verdict, message } = (await examine(empty.environment)).get('typed codes') ?? assert.fail();
  assert.equal(verdict, 'warning');
  assert.match(message, /^6 codes are found by no typing: .*; invitation 901, 902, 903, 904, 905 and more$/);
});

test('with PHONE_UNIQUE, accounts that share a number, cannot be read or are not counted yet are told', {
  skip: onlyPostgresql,
}, async () => {
  await using empty = await emptyDatabase();
  assert.equal((await runCommand(['migrate'], { environment: empty.environment })).code, 0);
  const environment = { ...empty.environment, PHONE_UNIQUE: 'on' };
  assert.equal((await examine(empty.environment)).get('phone numbers'), undefined);
  assert.equal((await examine(environment)).get('phone numbers')?.verdict, 'ok');
  await empty.query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId", phone_key) SELECT '', '', '', phone, 1, key
     FROM (VALUES ('010-1111-2222', '+821011112222'), ('01011112222', NULL), ('010-3333-4444', NULL), ('+82 10 3333 4444', NULL), ('?', NULL)) AS made (phone, key)`,
  );
  const { verdict, message } = (await examine(environment)).get('phone numbers') ?? assert.fail();
  assert.equal(verdict, 'warning');
  assert.match(message, /: 2 share a number with another account, 1 have a number that cannot be read, 1 are not counted yet$/);
});

test('a start with PHONE_UNIQUE counts existing accounts, and logs how many share a number or cannot be read', async () => {
  await using fresh = await freshDatabase();
  assert.equal((await runCommand(['migrate'], { environment: fresh.environment })).code, 0);
  await fresh.query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId") SELECT '', '', '', phone, 1 FROM unnest($1::text[]) AS made (phone)`,
    [['010-1111-2222', '01011112222', '010-3333-4444', '?']],
  );
  await using server = await startServer({ environment: { ...fresh.environment, PHONE_UNIQUE: 'on' } });
  await printedLine(server, /Phone numbers {3}one account each; existing accounts are being counted/);
  await printedLine(server, /"sharing":1,"unreadable":1/);
});
