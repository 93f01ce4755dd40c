import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startSeededServer } from '../support/seeded-server.ts';
import { missingPrograms, runInShell } from '../support/shell.ts';

const script = fileURLToPath(new URL('../../examples/original.sh', import.meta.url));
const skip = missingPrograms('bash', 'curl', 'sed', 'grep');

test("the original's curl session completes a sign-up, and fails if the code is used up", { skip }, async () => {
  await using server = await startSeededServer();
  const environment = { BASE_URL: server.url };
  const first = await runInShell(`bash ${script}`, { environment });
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(first.stdout, /"userId":1\}/);

  const again = await runInShell(`bash ${script}`, { environment });
  assert.equal(again.code, 1);
  assert.match(again.stdout, /"code":"invitation_used"/);

  const other = await runInShell(`bash ${script}`, { environment: { ...environment, CODE: 'TEST002' } });
  assert.deepEqual([other.code, other.stderr], [0, '']);
  assert.match(other.stdout, /"userId":2\}/);
});
