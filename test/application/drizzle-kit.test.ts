import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { drawSchema } from '../../scripts/schema-picture.ts';
import { runDrizzleKit, startDrizzleKit } from '../support/drizzle-kit.ts';
import { type EmptyDatabase, emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { createOriginalTables } from '../support/original-database.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { cleanUpAtExit, freePort } from '../support/temporary.ts';

const skip = testDatabaseKind() === 'postgresql' ? false : 'drizzle-kit is told about PostgreSQL by its address';

const lookInto = (database: EmptyDatabase) => drawSchema((sql) => database.query(sql));
const readLedger = (database: EmptyDatabase) => database.query('SELECT id, hash, created_at FROM drizzle.__drizzle_migrations ORDER BY id');

async function migrated(environment: EmptyDatabase['environment']): Promise<void> {
  const { code, stderr } = await runChodae(['migrate'], { environment });
  assert.equal(code, 0, stderr);
}

for (const isOriginal of [false, true]) {
  const which = isOriginal ? "the original's upgraded database" : 'a migrated database';
  test(`drizzle-kit push and migrate find nothing to do on ${which}`, { skip }, async () => {
    await using database = await emptyDatabase();
    if (isOriginal) await createOriginalTables((sql) => database.query(sql));
    await migrated(database.environment);
    const before = { schema: await lookInto(database), ledger: await readLedger(database) };
    const push = await runDrizzleKit(['push', '--verbose'], database.environment);
    assert.equal(push.code, 0, push.output);
    assert.match(push.output, /No changes detected/);
    assert.equal((await runDrizzleKit(['migrate'], database.environment)).code, 0);
    assert.deepEqual({ schema: await lookInto(database), ledger: await readLedger(database) }, before);
  });
}

test('serve accepts a database that drizzle-kit has migrated', { skip }, async () => {
  await using database = await emptyDatabase();
  const { code, output } = await runDrizzleKit(['migrate'], database.environment);
  assert.equal(code, 0, output);
  const ledger = await readLedger(database);
  await using server = await startServer({ environment: database.environment });
  assert.doesNotMatch(server.output(), /migrations applied/);
  assert.deepEqual(await readLedger(database), ledger);
  await database.query(`INSERT INTO "Invitation" (code, max_uses) VALUES ('SEATS', 2)`);
  const { step, answer } = await signUpClient(server.url).signUp('SEATS');
  assert.deepEqual([step, answer.status], ['phone', 200], JSON.stringify(answer.body));
});

test('a database made by drizzle-kit push is refused with a message, because it has no functions', { skip }, async () => {
  await using database = await emptyDatabase();
  const push = await runDrizzleKit(['push', '--force'], database.environment);
  assert.equal(push.code, 0, push.output);
  const { code, stderr } = await runChodae(['migrate'], { environment: database.environment });
  assert.equal(code, 1);
  assert.match(stderr, /^The tables of Chodae are there, but the list of migrations [^\n]+ `drizzle-kit push`/);
});

test('drizzle-kit studio opens its API on this machine', { skip }, async () => {
  await using database = await emptyDatabase();
  await migrated(database.environment);
  const port = await freePort();
  const studio = startDrizzleKit(['studio', `--port=${port}`], database.environment);
  const forget = cleanUpAtExit(() => studio.child.kill('SIGKILL'));
  let isOver = false;
  void studio.ended.then(() => {
    isOver = true;
  });
  while (!isOver && !studio.output().includes('up and running')) await delay(50);
  assert.match(studio.output(), new RegExp(`up and running on https://local\\.drizzle\\.studio\\?port=${port}`));
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'init' }),
  });
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { dialect: string }).dialect, 'postgresql');
  studio.child.kill('SIGKILL');
  await studio.ended;
  forget();
});
