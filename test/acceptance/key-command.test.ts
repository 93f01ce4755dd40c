import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { emptyDatabase } from '../support/empty-database.ts';
import { type Ended, runChodae } from '../support/run-chodae.ts';
import { startSeededServer } from '../support/seeded-server.ts';
import { printedLine, startServer } from '../support/server-process.ts';
import { temporaryFolder } from '../support/temporary.ts';

const keyShape = /chodae_key_[0-9a-f]{40}/;

test('a key is shown once, has the rights of its role, and none after it is revoked', async () => {
  await using server = await startSeededServer();
  const { environment } = server.database;
  const made = await runChodae(['key', 'create', '--label', '김, marketing', '--role', 'viewer', '--valid-for', '90d'], { environment });
  assert.equal(made.code, 0, made.stderr);
  const key = made.stdout.trimEnd();
  assert.match(key, new RegExp(`^${keyShape.source}$`), 'stdout has the key and nothing else');
  assert.match(made.stderr, /this once/);

  const elsewhere = (...words: string[]): Promise<Ended> =>
    runChodae([...words, '--url', server.url], { environment: { CHODAE_OPERATOR_KEY: key } });
  const looked = await elsewhere('invite', 'list', '--json');
  assert.equal(looked.code, 0, looked.stderr);
  assert.equal(JSON.parse(looked.stdout).items.length, 5);
  const insufficient = await elsewhere('invite', 'create', '--json');
  assert.equal(insufficient.code, 1);
  assert.equal(JSON.parse(insufficient.stdout).error.problem.code, 'role_insufficient');
  assert.match(insufficient.stderr, /issuer/);

  const listed = await runChodae(['key', 'list', '--json'], { environment });
  const { items } = JSON.parse(listed.stdout) as { items: { id: number; label: string; last_used_at: string | null }[] };
  const own = items.find(({ label }) => label === '김, marketing') ?? assert.fail('the key is listed');
  assert.ok(own.last_used_at);
  assert.match((await runChodae(['key', 'list'], { environment })).stdout, /김, marketing +viewer +usable +chodae_key_[0-9a-f]{6}… /);

  const revoked = await runChodae(['key', 'revoke', String(own.id), '--yes'], { environment });
  assert.deepEqual([revoked.code, revoked.stderr], [0, '']);
  const refused = await elsewhere('invite', 'list');
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  const printed = [listed, looked, insufficient, revoked, refused].map(({ stdout, stderr }) => stdout + stderr).join('');
  assert.ok(!printed.includes(key) && !server.server.output().includes(key));
});

test('a key can come from a file, and is never sent unencrypted to another machine', async () => {
  await using server = await startSeededServer();
  const folder = temporaryFolder('key');
  const file = path.join(folder.path, 'key');
  const made = await runChodae(['key', 'create', '--label', 'file', '--role', 'admin'], { environment: server.database.environment });
  writeFileSync(file, made.stdout, { mode: 0o600 });
  const found = await runChodae(['key', 'list', '--url', server.url, '--key-file', file]);
  assert.equal(found.code, 0, found.stderr);

  const misuses = [
    ['--url', 'http://192.0.2.1:8000', '--key-file', file],
    ['--url', 'http://signup.example.com', '--key-file', file],
    ['--url', server.url],
    ['--url', server.url, '--key-file', `${file}-of-somebody-else`],
    ['--url', `http://admin:${made.stdout.trim()}@127.0.0.1:8000`, '--key-file', file],
    ['--url', '127.0.0.1:8000', '--key-file', file],
  ];
  for (const words of misuses) {
    const { code, stdout, stderr } = await runChodae(['key', 'list', ...words]);
    assert.deepEqual([code, stdout], [2, ''], stderr);
    assert.doesNotMatch(stderr, keyShape);
  }
  folder.remove();
});

test('on PostgreSQL the start says how to create a key while no usable one exists', async () => {
  await using database = await emptyDatabase();
  const { environment } = database;
  const hint = /npx chodae key create --label me --role admin/;
  const first = await startServer({ environment });
  await printedLine(first, hint);
  await first.stop();
  assert.doesNotMatch(first.output(), keyShape);
  await runChodae(['key', 'create', '--label', 'me', '--role', 'admin'], { environment });
  const second = await startServer({ environment });
  await printedLine(second, / {2}Database /);
  await second.stop();
  assert.doesNotMatch(second.output(), hint);
});
