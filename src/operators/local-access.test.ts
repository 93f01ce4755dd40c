import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { leaveLocalAccess, localAccessFileName, readLocalAccess } from './local-access.ts';

const access = { place: { socketPath: '/data/.local-operator.sock' }, key: 'chodae_key_of_this_process' };

test('the holder of the folder is found by the file that it left, which only its owner can read', () => {
  const folder = temporaryFolder('access');
  const file = path.join(folder.path, localAccessFileName);
  writeFileSync(`${file}.new`, 'of one that was killed while it wrote', { mode: 0o666 });
  const remove = leaveLocalAccess(folder.path, access);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readLocalAccess(folder.path), access);
  remove();
  assert.equal(readLocalAccess(folder.path), undefined);
  assert.deepEqual(readdirSync(folder.path), []);
  folder.remove();
});

test('a process removes only its own file, and a broken file is no access', () => {
  const folder = temporaryFolder('access');
  const removeEarlier = leaveLocalAccess(folder.path, { ...access, key: 'chodae_key_of_an_earlier_process' });
  const remove = leaveLocalAccess(folder.path, access);
  removeEarlier();
  assert.deepEqual(readLocalAccess(folder.path), access);
  remove();
  for (const broken of ['', '{', 'null', '[]', '{"socketPath":1}', '{"socketPath":"/data/socket"}']) {
    writeFileSync(path.join(folder.path, localAccessFileName), broken);
    assert.equal(readLocalAccess(folder.path), undefined, broken);
  }
  folder.remove();
});
