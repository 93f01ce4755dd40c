import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { testContext } from '../../test/support/run-command.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { CommandError } from './exit-codes.ts';
import { openOutputFile } from './output-file.ts';

test('a new file is its owner’s alone, and is there when everything is in it', async () => {
  const folder = temporaryFolder('output');
  const name = path.join(folder.path, 'codes.csv');
  const file = await openOutputFile(name, testContext().context, 'csv');
  assert.equal(statSync(name).mode & 0o777, 0o600);
  assert.equal(await file.write('first\n'), true);
  await file.write(Buffer.from('둘째\n'));
  await file.finish();
  await file.discard();
  assert.equal(readFileSync(name, 'utf8'), 'first\n둘째\n');
  folder.remove();
});

test('what was not finished is removed', async () => {
  const folder = temporaryFolder('output');
  const name = path.join(folder.path, 'codes.csv');
  const file = await openOutputFile(name, testContext().context, 'csv');
  await file.write('a part');
  await file.discard();
  await file.discard();
  assert.equal(existsSync(name), false);
  folder.remove();
});

test('a file that exists stays as it is; one that cannot be made is named', async () => {
  const folder = temporaryFolder('output');
  const name = path.join(folder.path, 'codes.csv');
  writeFileSync(name, 'mine');
  await assert.rejects(
    openOutputFile(name, testContext().context, 'csv'),
    (error) => error instanceof CommandError && error.message.startsWith(`${name} exists already`),
  );
  assert.equal(readFileSync(name, 'utf8'), 'mine');
  const nowhere = path.join(folder.path, 'no', 'codes.csv');
  await assert.rejects(openOutputFile(nowhere, testContext({ language: 'ko' }).context, 'csv'), {
    name: 'CommandError',
    message: `${nowhere}: 쓸 수 없습니다(ENOENT).`,
  });
  folder.remove();
});
