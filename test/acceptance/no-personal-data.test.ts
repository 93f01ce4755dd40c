import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import pg from 'pg';
import { Canaries } from '../support/canaries.ts';
import { type CanarySender, canarySender } from '../support/canary-requests.ts';
import { embeddedFolder } from '../support/embedded-folder.ts';
import { testDatabaseKind } from '../support/empty-database.ts';
import { type PostgresqlServer, startPostgresql } from '../support/postgresql.ts';
import { startServer } from '../support/server-process.ts';

/** Everything that the program can print, from a database in which every last step can meet a taken number. */
const settings = { LOG_LEVEL: 'trace', BCRYPT_COST: '10', PHONE_UNIQUE: 'on' };
/** The test causes errors and checks what their messages contain. */
const allow = [/^\{.*\}$/];
const embedded = { skip: testDatabaseKind() !== 'embedded' && 'over the embedded database only' };
const postgresql = { skip: testDatabaseKind() !== 'postgresql' && 'over PostgreSQL only' };

type Query = (sql: string, values?: readonly unknown[]) => Promise<unknown>;

async function insertCodes(query: Query, canaries: Canaries, count: number): Promise<string[]> {
  const codes = Array.from({ length: count }, () => canaries.word());
  await query('INSERT INTO "Invitation" (code) SELECT unnest($1::text[])', [codes]);
  return codes;
}

/** A thousand requests; some sign-ups succeed, and every kind of error occurs. */
async function sendEverything(sender: CanarySender, canaries: Canaries, codes: readonly string[]): Promise<void> {
  for (const code of codes) await sender.signUp(code);
  for (const sessionId of [canaries.word(), canaries.word(), canaries.word()]) {
    await sender.sendWrongValues(sessionId);
    await sender.sendHeaders();
    await sender.sendAddresses();
    await sender.sendMalformed();
  }
  // Used up by now.
  for (const code of codes) await sender.signUp(code);
}

/** Ways to make a statement of the sign-up fail with an error that quotes the row or the statement. */
const faults: readonly (readonly [spoil: string, mend: string])[] = [
  ['ALTER TABLE "User" ADD CONSTRAINT spoilt CHECK (name = $$nobody$$) NOT VALID', 'ALTER TABLE "User" DROP CONSTRAINT spoilt'],
  ['ALTER TABLE "RegisterSession" RENAME COLUMN birthday TO gone', 'ALTER TABLE "RegisterSession" RENAME COLUMN gone TO birthday'],
  ['ALTER TABLE "User" ALTER COLUMN name TYPE varchar(3) USING left(name, 3)', 'ALTER TABLE "User" ALTER COLUMN name TYPE text'],
  ['ALTER TABLE "Invitation" RENAME TO "Gone"', 'ALTER TABLE "Gone" RENAME TO "Invitation"'],
];

function assertSilent(output: string, canaries: Canaries): void {
  assert.ok(output.split('\n').filter((line) => line.includes('"msg":"request"')).length > 100, 'there were no log lines to look at');
  assert.deepEqual(canaries.linesWithOne(output), []);
}

test('embedded database: no client input is printed, whatever fails', embedded, async () => {
  const canaries = new Canaries();
  await using folder = await embeddedFolder();
  const environment = { ...folder.environment, ...settings };
  const codes = await folder.whileClosed((query) => insertCodes(query, canaries, 30));
  {
    await using server = await startServer({ environment, allow });
    const sender = canarySender(server.url, canaries);
    await sendEverything(sender, canaries, codes);
    await server.stop();
    assertSilent(server.output(), canaries);
    assertReached(sender, [200, 204, 400, 401, 404, 405, 409, 410, 413, 415, 422, 431]);
    const requests = [...sender.statuses.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(requests >= 1_000, `${requests} requests`);
  }
  // Only the process that has it open can change it: the fault is made while it is closed.
  const [newCode = ''] = await folder.whileClosed((query) => insertCodes(query, canaries, 1));
  await folder.whileClosed((query) => query(faults[0]?.[0] ?? ''));
  await using server = await startServer({ environment, allow });
  const sender = canarySender(server.url, canaries);
  await sender.signUp(newCode);
  await server.stop();
  assert.match(server.output(), /"sqlstate":"23514","constraint":"spoilt"/);
  assert.deepEqual(canaries.linesWithOne(server.output()), []);
  assertReached(sender, [500]);
});

function assertReached({ statuses }: CanarySender, wanted: readonly number[]): void {
  assert.deepEqual(
    wanted.filter((status) => !statuses.has(status)),
    [],
    `statuses that never came; these did: ${JSON.stringify([...statuses])}`,
  );
}

async function connect(server: PostgresqlServer): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.adminUrl.replace(/postgres$/, 'chodae') });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** What PostgreSQL has written since a position in its log. */
function logSince(server: PostgresqlServer, start: number): string {
  return readFileSync(server.logFile, 'utf8').slice(start);
}

test(
  'PostgreSQL: nothing that was sent is printed, whatever fails; its own log has what docs/evidence/security.md says',
  postgresql,
  async (context) => {
    await using database = await startPostgresql();
    const canaries = new Canaries();
    await using server = await startServer({ environment: { DATABASE_URL: database.url, ...settings }, allow });
    let admin = await connect(database);
    context.after(() => admin.end());
    const query: Query = (sql, values) => admin.query(sql, values && [...values]);
    const sender = canarySender(server.url, canaries);

    async function failInEveryWay(): Promise<void> {
      for (const [spoil, mend] of faults) {
        const codes = await insertCodes(query, canaries, 2);
        const phone = canaries.phone();
        await sender.signUp(codes[0] ?? '', phone);
        await query(spoil);
        // The same number again: if the row can be inserted at all, this is a unique violation.
        for (const code of codes) await sender.signUp(code, phone);
        await query(mend);
      }
      const codes = await insertCodes(query, canaries, 2);
      const phone = canaries.phone();
      for (const code of codes) await sender.signUp(code, phone);
      await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', ['chodae']);
      await sender.signUp(codes[1] ?? '');
    }

    await sendEverything(sender, canaries, await insertCodes(query, canaries, 30));
    const quiet = logSince(database, 0);
    await failInEveryWay();
    const spoilt = logSince(database, quiet.length);
    await admin.end();
    await database.stop();
    await sender.signUp(canaries.word());
    await database.start();
    admin = await connect(database);
    assertReached(sender, [200, 204, 400, 401, 404, 405, 409, 410, 413, 415, 422, 431, 500, 503]);

    // PostgreSQL's defaults: only DETAIL lines of errors quote rows, and those do.
    const quoting = canaries.linesWithOne(spoilt);
    assert.ok(
      quoting.some((line) => / DETAIL: {2}Key \(phone_key\)=\(\+82/.test(line)),
      spoilt,
    );
    assert.ok(
      quoting.some((line) => / DETAIL: {2}Failing row contains \(/.test(line)),
      spoilt,
    );
    assert.deepEqual(
      quoting.filter((line) => !/ DETAIL: {2}/.test(line)),
      [],
    );
    assert.deepEqual(
      canaries.linesWithOne(quiet).filter((line) => !/ DETAIL: {2}/.test(line)),
      [],
    );

    // Terse also omits the parameters of statements, which the two other settings would print.
    await query(`ALTER SYSTEM SET log_error_verbosity = 'terse'`);
    await query('ALTER SYSTEM SET log_min_duration_statement = 0');
    await query('ALTER SYSTEM SET log_parameter_max_length_on_error = -1');
    await query('SELECT pg_reload_conf()');
    await admin.end();
    admin = await connect(database);
    const terseFrom = readFileSync(database.logFile, 'utf8').length;
    await failInEveryWay();
    assert.match(logSince(database, terseFrom), /duration: .* execute registration_complete/);
    assert.match(logSince(database, terseFrom), /duplicate key value violates unique constraint "User_phone_key_key"/);
    assert.deepEqual(canaries.linesWithOne(logSince(database, terseFrom)), []);

    await server.stop();
    assertSilent(server.output(), canaries);
    for (const sqlstate of ['23514', '42703', '42P01', '22001']) assert.match(server.output(), new RegExp(`"sqlstate":"${sqlstate}"`));
  },
);
