import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { runChodae } from '../support/run-chodae.ts';
import { temporaryFolder } from '../support/temporary.ts';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

test('--help names every command and exits 0, --version prints the version', async () => {
  const help = await runChodae(['--help']);
  assert.deepEqual([help.code, help.stderr], [0, '']);
  for (const command of ['serve', 'migrate', 'seed', 'invite', 'key', 'try', 'sweep', 'doctor']) {
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
    const own = await runChodae([command, '--help']);
    assert.deepEqual([own.code, own.stderr], [0, ''], command);
    assert.match(own.stdout, new RegExp(`^Usage: chodae ${command} `), command);
  }
  assert.deepEqual(await runChodae(['--version']), { code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('wrong usage prints a message, exits with 2 and creates nothing', async () => {
  const folder = await temporaryFolder('misuse');
  const wrong: Record<string, readonly string[]> = {
    'no command': [],
    'no such command': ['invite-everybody'],
    'no such option': ['serve', '--fast'],
    'too many words': ['serve', 'now'],
    'no value': ['serve', '--port'],
    'not a port': ['serve', '--port', 'eighty'],
    'too large a port': ['serve', '--port', '65536'],
    'no address': ['serve', '--host', 'http://127.0.0.1'],
  };
  for (const [why, words] of Object.entries(wrong)) {
    const { code, stdout, stderr } = await runChodae(words, { directory: folder.path });
    assert.equal(code, 2, `${why}: ${stdout}${stderr}`);
    assert.notEqual(stderr, '', why);
    assert.doesNotMatch(stderr, /\n {4}at /, `${why}: a stack trace is no sentence`);
  }
  assert.equal(existsSync(path.join(folder.path, 'data')), false);
  folder.remove();
});

test('a port in use is named, with what to do, and the exit code is 1', async () => {
  const folder = await temporaryFolder('port');
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const port = String((other.address() as AddressInfo).port);
  const ended = await runChodae(['serve', '--port', port], { directory: folder.path });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, new RegExp(`Port ${port} is in use`));
  other.close();
  folder.remove();
});
