import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startContractServer } from '../support/contract-server.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startSeededServer } from '../support/seeded-server.ts';
import { freePort } from '../support/temporary.ts';

test('`chodae try` passes against the program and uses up one code', async () => {
  await using server = await startSeededServer();
  const { code, stdout, stderr } = await runChodae(['try', server.url]);
  assert.deepEqual([code, stderr], [0, ''], stdout);
  const verify = (invitation_code: string) =>
    fetch(`${server.url}/auth/invitation/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ invitation_code }),
    });
  assert.equal((await verify('TEST001')).status, 410);
  assert.equal((await verify('TEST002')).status, 200);

  const second = await runChodae(['try', server.url, '--json']);
  assert.equal(second.code, 0, second.stdout);
  assert.doesNotThrow(() => JSON.parse(second.stdout), '--json prints one document and nothing else');
});

test('`chodae try` exits 1 if a check fails or there is no answer, and 2 on wrong usage', async () => {
  await using broken = await startContractServer({
    spoil: (request, answer) =>
      request.path === '/auth/register/phone' && answer.status === 200 ? { ...answer, body: { ok: true, userId: 'one' } } : answer,
  });
  const failed = await runChodae(['try', broken.url]);
  assert.equal(failed.code, 1, failed.stdout);

  const silent = await runChodae(['try', `http://127.0.0.1:${await freePort()}`]);
  assert.equal(silent.code, 1);
  assert.match(silent.stderr, /does not answer/);

  for (const words of [
    ['try', 'ftp://127.0.0.1'],
    ['try', 'not an address'],
    ['try', '--language', 'fr'],
    ['try', '--code'],
  ]) {
    const misused = await runChodae(words);
    assert.equal(misused.code, 2, words.join(' '));
    assert.notEqual(misused.stderr, '', words.join(' '));
  }
});
