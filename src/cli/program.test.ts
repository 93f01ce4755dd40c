import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startContractServer } from '../../test/support/contract-server.ts';
import { runCommand } from '../../test/support/run-command.ts';
import { exitCodes } from './exit-codes.ts';

test('--version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await chodae('--version'), { code: exitCodes.success, stdout: `${version}\n`, stderr: '' });
});

test('a misspelt command or option is misuse, with a suggestion', async () => {
  const command = await chodae('serv');
  assert.deepEqual([command.code, command.stdout], [exitCodes.usage, '']);
  assert.match(command.stderr, /Did you mean serve\?/);
  const option = await chodae('try', '--jsn');
  assert.deepEqual([option.code, option.stdout], [exitCodes.usage, '']);
  assert.match(option.stderr, /Did you mean --json\?/);
});

test('no command at all is misuse, and shows the commands', async () => {
  const { code, stderr } = await chodae();
  assert.equal(code, exitCodes.usage);
  for (const command of ['serve', 'migrate', 'seed', 'invite', 'key', 'try', 'doctor'])
    assert.match(stderr, new RegExp(`^ {2}${command} `, 'm'));
});

test('an address that is none is misuse; who asked for JSON gets that as JSON', async () => {
  const { code, stdout, stderr } = await chodae('try', 'localhost:8000', '--json');
  assert.equal(code, exitCodes.usage);
  assert.match(stderr, /beginning with http:\/\/ or https:\/\//);
  assert.equal(JSON.parse(stdout).error.code, 'misuse');
});

test('what excludes each other is misuse', async () => {
  assert.equal((await chodae('try', '--read-only', '--code', 'TEST001')).code, exitCodes.usage);
  assert.equal((await chodae('try', '--language', 'fr')).code, exitCodes.usage);
});

test('try --json prints one document and nothing else', async () => {
  await using server = await startContractServer();
  const { code, stdout, stderr } = await chodae('try', `${server.url}/`, '--json');
  const report = JSON.parse(stdout);
  assert.deepEqual([code, stderr], [exitCodes.success, '']);
  assert.deepEqual([report.url, report.code, report.failed, report.skipped], [server.url, 'TEST001', 0, 0]);
  assert.equal(report.passed, report.checks.length);
});

test('try writes in the language of the terminal, and fails where a check fails', async () => {
  await using server = await startContractServer({ codes: {} });
  const { code, stdout } = await chodae('try', server.url, { LANG: 'ko_KR.UTF-8' });
  assert.equal(code, exitCodes.failure);
  assert.match(stdout, /^통과 15, 실패 1, 생략 14$/m);
});

test('a server that is not there is one sentence and a failure', async () => {
  const { code, stderr } = await chodae('try', 'http://127.0.0.1:9');
  assert.deepEqual([code, stderr], [exitCodes.failure, 'http://127.0.0.1:9 does not answer: nothing listens at this address.\n']);
});

/** Runs the program in English unless the last argument, an object, says otherwise. */
function chodae(...words: (string | Record<string, string>)[]) {
  const environment: Record<string, string> = Object.assign({ LANG: 'C' }, ...words.filter((word) => typeof word === 'object'));
  return runCommand(
    words.filter((word) => typeof word === 'string'),
    { environment },
  );
}
