import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { emptyDatabase } from '../support/empty-database.ts';
import { runChodae } from '../support/run-chodae.ts';
import { printedLine, startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const built = existsSync(new URL('../../dist/web/signup/index.html', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/**
 * Runs a command that must succeed with nothing on stderr.
 * @returns its output.
 */
async function chodae(environment: Environment, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runChodae(words, { environment });
  assert.deepEqual([code, stderr], [0, ''], `${words.join(' ')}\n${stdout}`);
  return stdout;
}

const countInvitations = async (environment: Environment) =>
  (JSON.parse(await chodae(environment, 'invite', 'list', '--json')) as { items: unknown[] }).items.length;

test('the first command creates the embedded database, which the service then uses', async () => {
  await using database = await emptyDatabase();
  const { environment } = database;
  const created = await runChodae(['invite', 'create', 'WELCOME', '--max-uses', '20'], { environment });
  assert.deepEqual([created.code, created.stdout], [0, 'WELCOME\n']);
  assert.match(created.stderr, /^Creating the embedded database in .*\n$/);
  const early = await runChodae(['invite', 'preview'], { environment });
  assert.deepEqual([early.code, early.stderr], [1, 'The service is not running: start it with chodae serve first.\n']);
  await using server = await startServer({ environment });
  for (const code of ['WELCOME', 'TEST001']) assert.equal((await signUpClient(server.url).verify(code)).status, 200);
  assert.match(await chodae(environment, 'invite', 'list', '--text', 'welcome'), /^WELCOME +usable +0\/20 \(1 held\)$/m);
  // The key that signs the link is the running service's own.
  const { pathname, search } = new URL((await chodae(environment, 'invite', 'preview')).trim());
  assert.equal(pathname, '/join');
  assert.notEqual((await fetch(server.url + pathname + search)).status, 410);
  assert.equal((await fetch(`${server.url}${pathname}${search}x`)).status, built ? 410 : 404);
  await server.stop();
  assert.match(await chodae(environment, 'invite', 'list', '--text', 'welcome'), /^WELCOME +usable +0\/20 \(1 held\)$/m);
});

test('commands at the same time wait for each other', async () => {
  await using database = await emptyDatabase();
  const { environment } = database;
  await runChodae(['migrate'], { environment });
  const several = Array.from({ length: 2 }, (_, index) => runChodae(['invite', 'create', `WITH-OTHERS-${index}`], { environment }));
  for (const [index, { code, stdout, stderr }] of (await Promise.all(several)).entries()) {
    assert.deepEqual([code, stdout], [0, `WITH-OTHERS-${index}\n`], stderr);
    // On a slow machine the last ones print what they wait for.
    assert.match(stderr, /^(?:The embedded database is in use by process \d+; waiting for it\.\n)?$/);
  }
});

test('a killed service leaves nothing misleading behind', async () => {
  await using database = await emptyDatabase();
  const { environment } = database;
  const file = path.join(environment.DATA_DIR ?? '', '.local-operator.json');
  const killed = await startServer({ environment });
  assert.ok(existsSync(file));
  await killed.kill();
  assert.ok(existsSync(file));
  assert.equal(await countInvitations(environment), 5);
  const server = await startServer({ environment });
  assert.equal(await countInvitations(environment), 5);
  await server.stop();
  assert.equal(existsSync(file), false);
});

const keyShape = /chodae_key_[0-9a-f]{40}/;

test('the first start on an embedded database shows its first key, the next ones none', async () => {
  await using database = await emptyDatabase();
  const { environment } = database;
  const first = await startServer({ environment });
  const line = await printedLine(first, keyShape);
  assert.ok(!line.startsWith('{'), 'it is in no log line');
  const key = keyShape.exec(line)?.[0] ?? '';
  const me = await fetch(`${first.url}/admin/me`, { headers: { authorization: `Bearer ${key}` } });
  assert.deepEqual([me.status, await me.json()], [200, { key_id: 1, label: 'first', role: 'admin' }]);
  await first.stop();
  assert.equal(first.output().split(key).length, 2, 'it is shown once');
  const second = await startServer({ environment });
  await printedLine(second, / {2}Database /);
  await second.stop();
  assert.doesNotMatch(second.output(), keyShape);
});
