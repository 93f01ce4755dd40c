import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from '../support/server-process.ts';
import { runInShell } from '../support/shell.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { cleanUpAtExit, temporaryFolder } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Seconds after which something expected will not come. */
const patienceSeconds = 60;
const skip = process.env.CHODAE_TEST_OFFLINE ? 'CHODAE_TEST_OFFLINE is set, and installing asks the npm registry' : false;

test('the package, installed in an empty folder, serves a sign-up from there', { skip }, async () => {
  const folder = await temporaryFolder('installed');
  const inFolder = async (command: string, directory = folder.path) => {
    const result = await runInShell(command, { directory });
    assert.equal(result.code, 0, `${command}:\n${result.stdout}${result.stderr}`);
    return result.stdout;
  };
  // The build is there already; packing must not change it under other tests.
  const [packed] = JSON.parse(await inFolder(`npm pack --ignore-scripts --json --pack-destination "${folder.path}"`, root));
  const files: string[] = packed.files.map((file: { path: string }) => file.path);
  for (const file of ['dist/cli/chodae.js', 'README.md', 'README.ko.md', 'LICENSE']) assert.ok(files.includes(file), `${file} is missing`);
  const stray = files.filter((file) => /^(src|test|scripts|bench|data)\/|\.test\.|tsbuildinfo|\.env/.test(file));
  assert.deepEqual(stray, [], 'unneeded files were packed');

  writeFileSync(path.join(folder.path, 'package.json'), '{ "private": true }\n');
  await inFolder(`npm install --prefer-offline --no-audit --no-fund "./${packed.filename}"`);
  const manifest = JSON.parse(readFileSync(path.join(folder.path, 'node_modules/chodae/package.json'), 'utf8')) as { version: string };
  assert.equal(await inFolder('npx chodae --version'), `${manifest.version}\n`);

  const server = spawn('npx', ['chodae', 'serve', '--port', '0'], {
    cwd: folder.path,
    env: cleanEnvironment({}),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: npx, a shell, and the program.
    detached: true,
  });
  const endAll = () => {
    if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, 'SIGKILL');
  };
  const forget = cleanUpAtExit(endAll);
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = new Promise((resolve) => server.once('close', resolve));
  const deadline = Date.now() + patienceSeconds * 1000;
  const address = /Chodae is ready: (http:\S+)/;
  while (!address.test(output)) {
    assert.ok(Date.now() < deadline && server.exitCode === null, `no address:\n${output}`);
    await delay(20);
  }
  const url = address.exec(output)?.[1] ?? '';
  const { answer, userId } = await signUpClient(url).signUp('TEST001');
  assert.deepEqual([answer.status, userId], [200, 1]);
  for (const page of ['/docs/', '/redoc', '/openapi.json']) assert.equal((await fetch(`${url}${page}`)).status, 200, page);

  const [, pid] =
    readdirSync(path.join(folder.path, 'data'))
      .join('\n')
      .match(/^chodae\.lock\.(\d+)\./m) ?? assert.fail('no lock');
  process.kill(Number(pid), 'SIGTERM');
  await exited;
  assert.equal(server.exitCode, 0);
  forget();
  folder.remove();
});
