import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { acquireEmbeddedLock } from '../database/embedded-lock.ts';
import { leaveLocalAccess, localAccessFileName, localSocketPaths, readLocalAccess, urlFromHere } from './local-access.ts';

const access = { place: { socketPath: '/data/.local-operator.sock' }, key: 'chodae_key_of_this_process' };

test('whoever holds the folder is found by the file that it left, which only its owner may read', async () => {
  const folder = temporaryFolder('access');
  const file = path.join(folder.path, localAccessFileName);
  const lock = await acquireEmbeddedLock(folder.path);
  writeFileSync(`${file}.new`, 'of one that was killed while it wrote', { mode: 0o666 });
  const remove = leaveLocalAccess(folder.path, access);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readLocalAccess(folder.path), access);
  remove();
  assert.equal(existsSync(file), false);
  assert.equal(readLocalAccess(folder.path), undefined);
  lock.release();
  assert.deepEqual(readdirSync(folder.path), []);
  folder.remove();
});

test('a file that a killed process left behind counts for nothing, whoever holds the folder now', async () => {
  const folder = temporaryFolder('access');
  const file = path.join(folder.path, localAccessFileName);
  const killed = await acquireEmbeddedLock(folder.path);
  const removeOfKilled = leaveLocalAccess(folder.path, access);
  const stale = readFileSync(file, 'utf8');
  killed.release();
  assert.equal(readLocalAccess(folder.path), undefined, 'nobody holds the folder');
  const lock = await acquireEmbeddedLock(folder.path);
  assert.equal(readLocalAccess(folder.path), undefined, 'somebody else holds the folder');
  const remove = leaveLocalAccess(folder.path, access);
  removeOfKilled();
  assert.deepEqual(readLocalAccess(folder.path), access, 'only the own file is removed');
  for (const broken of ['', '{', 'null', '[]', '{"socketPath":1}', stale.replace(/"lock":.*/, '"lock":1}')]) {
    writeFileSync(file, broken);
    assert.equal(readLocalAccess(folder.path), undefined, broken);
  }
  writeFileSync(file, stale);
  remove();
  lock.release();
  folder.remove();
});

test('where there is no socket, the address is left', async () => {
  const folder = temporaryFolder('access');
  const lock = await acquireEmbeddedLock(folder.path);
  const byAddress = { place: { url: 'http://127.0.0.1:8000' }, key: access.key };
  const remove = leaveLocalAccess(folder.path, byAddress);
  assert.deepEqual(readLocalAccess(folder.path), byAddress);
  remove();
  lock.release();
  folder.remove();
});

test('the socket is in the folder, unless its name would be longer than systems take', { skip: process.platform === 'win32' }, () => {
  assert.equal(localSocketPaths('/data')[0], '/data/.local-operator.sock');
  for (const path of localSocketPaths(`/data/${'한'.repeat(30)}`)) assert.ok(!path.startsWith('/data'), path);
});

test('a server is reached from its own machine, whichever networks it listens on', () => {
  const at = (address: string) => urlFromHere({ address, port: 8000 });
  assert.deepEqual(['127.0.0.1', '0.0.0.0', '192.0.2.7'].map(at), [
    'http://127.0.0.1:8000',
    'http://127.0.0.1:8000',
    'http://192.0.2.7:8000',
  ]);
  assert.equal(urlFromHere({ address: '127.0.0.1', port: 8000 }, true), 'https://127.0.0.1:8000');
  assert.deepEqual(['::', '::1', '2001:db8::7'].map(at), ['http://[::1]:8000', 'http://[::1]:8000', 'http://[2001:db8::7]:8000']);
});
