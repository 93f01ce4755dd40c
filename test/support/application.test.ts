import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApplication } from './application.ts';
import { SentSecrets } from './sent-secrets.ts';
import { beginSignUp, invite } from './sign-up-scenes.ts';

test('an application that logged an error, or something that was sent, cannot be closed in silence', async () => {
  const application = await openApplication({ allow: [/expected here/] });
  const { log } = application.services;
  log.error('expected here');
  log.warn('nobody minds');
  log.error('a fault');
  await assert.rejects(async () => application[Symbol.asyncDispose](), /logged an error[\s\S]*a fault/);

  const quiet = await openApplication();
  const sent = await beginSignUp(quiet, await invite(quiet));
  await quiet.birthday(sent, '1990-01-01');
  quiet.services.log.debug({ session: sent }, 'too much');
  await assert.rejects(async () => quiet[Symbol.asyncDispose](), /what a client had sent[\s\S]*too much/);
});

test('what was sent is found in a line as it was, and as JSON writes it', () => {
  const secrets = new SentSecrets();
  const told = secrets.note(
    { name: ' say "hello" ', phone: '010-2938-4756', password: 'short', other: 'not personal' },
    'Bearer 0123456789abcdef',
  );
  assert.deepEqual(told, [' say "hello" ', '010-2938-4756', '0123456789abcdef']);
  const lines = ['{"a":"say \\"hello\\"!"}', 'x say "hello" x', 'to 010-2938-4756', 'id 0123456789abcdef'];
  assert.deepEqual(secrets.linesWithOne([...lines, 'short', 'not personal', 'Bearer']), lines);
});
