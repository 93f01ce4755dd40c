import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshDatabase } from '../support/database.ts';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { runChodae } from '../support/run-chodae.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const kind = testDatabaseKind();
const onlyEmbedded = kind === 'embedded' ? false : 'only a new embedded database gets test codes';
const onlyPostgresql = kind === 'postgresql' ? false : 'needs a look at the rows beside the service';
const codes = ['TEST001', 'TEST002', 'TEST003', 'TEST004', 'TEST005'];
const dayLater =
  /Test codes {6}TEST001, TEST002, TEST003, TEST004, TEST005 can be used by anyone who has read the README, until \d{4}-\d\d-\d\d \d\d:\d\d \(/;

/** The lines that a start prints after its address. */
async function assertPrints(server: ServerProcess, line: RegExp): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!line.test(server.output()) && Date.now() < deadline) await sleep(20);
  assert.match(server.output(), line);
}

interface Finding {
  readonly name: string;
  readonly verdict: string;
  readonly message: string;
}

async function doctorsFinding(environment: Readonly<Record<string, string>>): Promise<Finding | undefined> {
  const { stdout } = await runChodae(['doctor', '--json'], { environment });
  return (JSON.parse(stdout) as { findings: Finding[] }).findings.find(({ name }) => name === 'test codes');
}

test('in a local trial the codes work for a day; start and doctor name them', {
  skip: onlyEmbedded,
}, async () => {
  await using empty = await emptyDatabase();
  await using server = await startServer({ environment: empty.environment });
  await assertPrints(server, dayLater);
  const { stdout } = await runChodae(['invite', 'list', '--json'], { environment: empty.environment });
  const items = (JSON.parse(stdout) as { items: { code: string; expires_at: string }[] }).items;
  assert.deepEqual(items.map(({ code }) => code).sort(), codes);
  for (const { expires_at } of items) {
    const hours = (Date.parse(expires_at) - Date.now()) / 3_600_000;
    assert.ok(hours > 23 && hours < 25, expires_at);
  }
  assert.equal((await signUpClient(server.url).signUp('TEST001')).answer.status, 200);
  const found = await doctorsFinding(empty.environment);
  assert.deepEqual(
    [found?.verdict, found?.message],
    ['warning', 'anyone who has read the README can sign up with TEST002, TEST003, TEST004, TEST005'],
  );
});

const exposed: readonly (readonly [name: string, environment: Readonly<Record<string, string>>])[] = [
  ['NODE_ENV=production', { NODE_ENV: 'production', FORCE_HTTPS: 'off' }],
  ['HOST is no loopback address', { HOST: '0.0.0.0' }],
  ['PUBLIC_URL is set', { PUBLIC_URL: 'https://beta.example' }],
  ['HTTPS is required', { FORCE_HTTPS: 'on', TRUST_PROXY: 'loopback' }],
];
for (const [name, settings] of exposed) {
  test(`a new database has no public codes: ${name}`, { skip: onlyEmbedded }, async () => {
    await using empty = await emptyDatabase();
    const environment = { ...empty.environment, ...settings };
    // Also if a command creates the database before the service.
    if (settings.PUBLIC_URL) assert.equal((await runChodae(['migrate'], { environment })).code, 0);
    if (settings.FORCE_HTTPS === 'on') assert.equal((await runChodae(['invite', 'list'], { environment })).code, 0);
    await using server = await startServer({ environment, allow: [/NODE_ENV is production and FORCE_HTTPS is off/] });
    const { stdout } = await runChodae(['invite', 'list', '--json'], { environment });
    assert.deepEqual((JSON.parse(stdout) as { items: unknown[] }).items, []);
    assert.equal((await doctorsFinding(environment))?.verdict, 'ok');
    assert.doesNotMatch(server.output(), /TEST001/);
  });
}

test('seed works beside a running service, and makes used, revoked and expired codes work again for a day', async () => {
  await using fresh = await freshDatabase();
  await using server = await startServer({ environment: fresh.environment });
  const seed = async () => {
    const { code, stdout, stderr } = await runChodae(['seed', '--json'], { environment: fresh.environment });
    assert.deepEqual([code, stderr], [0, ''], stdout);
    const answer = JSON.parse(stdout) as { codes: string[]; expires_at: string };
    assert.deepEqual(answer.codes, codes);
    const hours = (Date.parse(answer.expires_at) - Date.now()) / 3_600_000;
    assert.ok(hours > 23 && hours < 25, answer.expires_at);
  };
  await seed();
  const client = signUpClient(server.url);
  for (let round = 0; round < 2; round += 1) {
    assert.equal((await client.signUp('TEST001')).answer.status, 200);
    assert.equal((await client.verify('TEST001')).status, 410);
    const revoked = await runChodae(['invite', 'revoke', 'TEST002', '--yes'], { environment: fresh.environment });
    assert.equal(revoked.code, 0, revoked.stderr);
    assert.equal((await client.verify('TEST002')).status, 410);
    await seed();
    for (const code of codes) assert.equal((await client.verify(code)).status, 200, code);
  }
});

test('in production seed asks for confirmation and is refused without a terminal, unless --yes is given', async () => {
  await using fresh = await freshDatabase();
  const environment = { ...fresh.environment, NODE_ENV: 'production' };
  const refused = await runChodae(['seed'], { environment });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /There is no terminal to ask at: add --yes if you mean it\.\n$/);
  const agreed = await runChodae(['seed', '--yes'], { environment });
  assert.equal(agreed.code, 0, agreed.stderr);
  assert.match(agreed.stdout, /^These codes can be used until .*: TEST001, TEST002, TEST003, TEST004, TEST005\.\n$/);
});

test('codes of an earlier version, without expiry, are named and not changed; expired and revoked ones are not named', {
  skip: onlyPostgresql,
}, async () => {
  await using fresh = await freshDatabase();
  assert.equal((await runChodae(['migrate'], fresh)).code, 0);
  await fresh.query(`INSERT INTO "Invitation" (code, is_used) SELECT 'TEST00' || n, false FROM generate_series(1, 5) n`);
  await fresh.query(`UPDATE "Invitation" SET is_used = true WHERE code = 'TEST002'`);
  await fresh.query(`UPDATE "Invitation" SET revoked_at = now() WHERE code = 'TEST003'`);
  await fresh.query(`UPDATE "Invitation" SET expires_at = now() WHERE code = 'TEST004'`);
  const before = await fresh.query('SELECT * FROM "Invitation" ORDER BY id');
  const environment = { ...fresh.environment, NODE_ENV: 'production', TRUST_PROXY: 'loopback' };
  await using server = await startServer({ environment });
  await assertPrints(
    server,
    /Test codes {6}TEST001, TEST005 can be used by anyone who has read the README, with no end\.\n {2}To stop one: npx chodae invite revoke TEST001\./,
  );
  const found = await doctorsFinding(environment);
  assert.deepEqual([found?.verdict, found?.message], ['problem', 'anyone who has read the README can sign up with TEST001, TEST005']);
  assert.deepEqual(await fresh.query('SELECT * FROM "Invitation" ORDER BY id'), before);
});
