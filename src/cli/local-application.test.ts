import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { freshDatabase } from '../../test/support/database.ts';
import { readConfig } from '../config/read-config.ts';
import { ConnectionError, createApiClient, readJsonLines } from './api-client.ts';
import { openLocalApplication } from './local-application.ts';

test('a command asks the application in its own process, over a private socket that is gone afterwards', async () => {
  await using database = await freshDatabase();
  const announced: string[] = [];
  const application = await openLocalApplication(readConfig(database.environment), (line) => announced.push(line));
  const folder = path.dirname(application.socketPath);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.match(announced.join('\n'), /^Database schema: \d+ migrations applied\.$/);

  const interrupt = new AbortController();
  const client = createApiClient({ place: application, key: application.key, language: 'en', signal: interrupt.signal });
  const me = await client.request({ method: 'GET', path: '/admin/me' }, z.any());
  assert.deepEqual(me.body, { key_id: null, label: 'local', role: 'admin' });
  await client.request({ method: 'POST', path: '/admin/keys', body: { label: 'me', role: 'viewer' } }, z.any());
  const audit = await client.request({ method: 'GET', path: '/admin/audit' }, z.any());
  assert.deepEqual(
    audit.body.items.map(({ operator, origin }: { operator: string; origin: string | null }) => [operator, origin]),
    [['local', null]],
  );
  client.close();
  await application[Symbol.asyncDispose]();
  assert.equal(existsSync(folder), false);
});

test('Ctrl-C while many invitations are being made undoes all of them', async () => {
  await using database = await freshDatabase();
  const application = await openLocalApplication(readConfig(database.environment), () => {});
  const interrupt = new AbortController();
  const client = createApiClient({ place: application, key: application.key, language: 'en', signal: interrupt.signal });
  const { body } = await client.stream({ method: 'POST', path: '/admin/invitations/bulk', body: { count: 1_000_000 } });
  const read = async () => {
    for await (const event of readJsonLines(body, () => new Error('no line of ours'))) {
      assert.equal((event as { event: string }).event, 'progress');
      interrupt.abort();
    }
  };
  await assert.rejects(read(), (error) => error instanceof ConnectionError && error.message === 'Interrupted.');
  client.close();
  await application[Symbol.asyncDispose]();
  assert.deepEqual(await database.query('SELECT count(*)::integer AS count FROM "Invitation"'), [{ count: 0 }]);
});
