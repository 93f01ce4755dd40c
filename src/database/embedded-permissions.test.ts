import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { embeddedTemplate } from '../../test/support/embedded-template.ts';
import { newDeadline } from '../../test/support/new-deadline.ts';
import { statement } from './database.ts';
import { openEmbeddedDatabase } from './embedded.ts';
import { folderMode, modeReadableByOthers, replaceableIn, restrictFiles } from './embedded-permissions.ts';

const skip = process.platform === 'win32' ? 'Windows has no modes' : false;

function temporary() {
  const parent = mkdtempSync(join(tmpdir(), 'chodae-modes-'));
  return { parent, directory: join(parent, 'data'), [Symbol.dispose]: () => rmSync(parent, { recursive: true, force: true }) };
}

const modeOf = (path: string) => statSync(path).mode & 0o7777;

/** Everything in a folder that group or others have any right on. */
function open(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => (modeOf(join(directory, name)) & 0o077) !== 0);
}

test('a folder that was there before, open to everybody, is closed with every file in it', { skip }, async () => {
  using folder = temporary();
  mkdirSync(folder.directory);
  chmodSync(folder.directory, 0o777);
  const database = await openEmbeddedDatabase({ directory: folder.directory });
  assert.equal(modeOf(folder.directory), 0o700);
  assert.deepEqual(open(folder.directory), []);
  assert.ok(readdirSync(folder.directory, { recursive: true }).length > 500, 'the files of the database are there');
  await database.close();
});

test('a folder that was opened since is closed at the next start, also where a symbolic link leads to it', { skip }, async () => {
  using folder = temporary();
  const link = join(folder.parent, 'link');
  mkdirSync(folder.directory, { mode: 0o700 });
  symlinkSync(folder.directory, link);
  await (await openEmbeddedDatabase({ directory: link, template: await embeddedTemplate() })).close();
  assert.equal(modeOf(folder.directory), 0o700);
  chmodSync(folder.directory, 0o2775);
  for (const name of ['PG_VERSION', 'pg_wal', 'postgresql.conf']) chmodSync(join(folder.directory, name), 0o777);
  const database = await openEmbeddedDatabase({ directory: link });
  assert.equal(modeOf(folder.directory) & 0o777, 0o700);
  assert.deepEqual(open(folder.directory), []);
  await database.close();
});

test('while it is in use a checkpoint closes what was opened or made since', { skip }, async () => {
  using folder = temporary();
  const database = await openEmbeddedDatabase({
    directory: folder.directory,
    template: await embeddedTemplate(),
    checkpointSeconds: 0.05,
  });
  await database.run(statement('create_filling', 'CREATE TABLE filling (text text)'), [], newDeadline());
  chmodSync(folder.directory, 0o755);
  const segment = join(folder.directory, 'pg_wal', '0000000100000000000000FE');
  writeFileSync(segment, '');
  chmodSync(segment, 0o666);
  const deadline = Date.now() + 20_000;
  while (folderMode(folder.directory) !== undefined && Date.now() < deadline) {
    await database.run(statement('fill', `INSERT INTO filling SELECT repeat('x', 1000) FROM generate_series(1, 100)`), [], newDeadline());
  }
  assert.equal(modeOf(folder.directory), 0o700);
  assert.equal(modeOf(segment), 0o600);
  rmSync(segment);
  await database.close();
});

test('a symbolic link in the folder is not followed', { skip }, () => {
  using folder = temporary();
  const outside = join(folder.parent, 'outside');
  writeFileSync(outside, '');
  chmodSync(outside, 0o644);
  mkdirSync(join(folder.directory, 'inner'), { recursive: true });
  symlinkSync(outside, join(folder.directory, 'link'));
  symlinkSync(folder.parent, join(folder.directory, 'inner', 'up'));
  writeFileSync(join(folder.directory, 'inner', 'file'), '');
  restrictFiles(folder.directory);
  assert.equal(modeOf(outside), 0o644);
  assert.equal(modeOf(join(folder.directory, 'inner', 'file')), 0o600);
  assert.equal(modeOf(join(folder.directory, 'inner')), 0o700);
});

test('a file counts as readable only where the folders above it let others through', { skip }, () => {
  using folder = temporary();
  mkdirSync(folder.directory);
  const file = join(folder.directory, '.env');
  writeFileSync(file, '');
  for (const path of [folder.parent, folder.directory]) chmodSync(path, 0o755);
  chmodSync(file, 0o644);
  assert.equal(modeReadableByOthers(file), '0644');
  chmodSync(file, 0o640);
  assert.equal(modeReadableByOthers(file), undefined);
  chmodSync(file, 0o644);
  chmodSync(folder.parent, 0o700);
  assert.equal(modeReadableByOthers(file), undefined);
  assert.equal(modeReadableByOthers(join(folder.parent, 'none')), undefined);
});

test('a folder is replaceable where others may write above it, or above where it leads, unless a sticky bit forbids it', { skip }, () => {
  using folder = temporary();
  using elsewhere = temporary();
  mkdirSync(folder.directory);
  assert.equal(replaceableIn(folder.directory), undefined, 'below /tmp, which is sticky');
  chmodSync(folder.parent, 0o777);
  assert.equal(replaceableIn(folder.directory), folder.parent);
  assert.equal(replaceableIn(join(folder.directory, 'not', 'yet')), folder.parent);
  chmodSync(folder.parent, 0o1777);
  assert.equal(replaceableIn(folder.directory), undefined);
  chmodSync(folder.parent, 0o777);
  const link = join(elsewhere.parent, 'link');
  symlinkSync(folder.directory, link);
  assert.equal(replaceableIn(link), folder.parent);
});
