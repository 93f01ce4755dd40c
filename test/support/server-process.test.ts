import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDatabase } from './empty-database.ts';
import { startServer } from './server-process.ts';
import { signUpClient } from './sign-up-client.ts';

test('the built program starts on an empty database, answers, and ends without a complaint', async () => {
  await using database = await emptyDatabase();
  await using server = await startServer({ environment: database.environment });
  const answer = await signUpClient(server.url).verify('NO-SUCH-CODE');
  assert.deepEqual([answer.status, answer.body.code], [404, 'invitation_not_found']);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});
