import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cellPlaces } from '../support/display-width.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startSeededServer } from '../support/seeded-server.ts';
import { cleanEnvironment, programArguments } from '../support/server-process.ts';
import { runInShell } from '../support/shell.ts';
import { samplePerson, signUpClient } from '../support/sign-up-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

type Environment = Readonly<Record<string, string>>;

interface Listed {
  readonly code: string;
  readonly status: string;
  readonly campaign: string | null;
  readonly expires_at: string | null;
  readonly people: readonly { readonly name: string }[];
}

/** Runs a command that must succeed with nothing on stderr and no terminal control characters. */
async function chodae(environment: Environment, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runChodae(words, { environment });
  assert.deepEqual([code, stderr], [0, ''], `${words.join(' ')}\n${stdout}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  assert.doesNotMatch(stdout, /\x1b/);
  return stdout;
}

async function json<T>(environment: Environment, ...words: readonly string[]): Promise<T> {
  return JSON.parse(await chodae(environment, ...words, '--json')) as T;
}

const list = async (environment: Environment, ...words: readonly string[]) =>
  (await json<{ items: Listed[] }>(environment, 'invite', 'list', ...words)).items;

/**
 * A whole campaign: its creation, three sign-ups, a look, and its end.
 * @param options where and with which key.
 */
async function walk(environment: Environment, url: string, ...options: readonly string[]): Promise<void> {
  const week = ['--count', '20', '--campaign', 'launch', '--valid-for', '7d'];
  const codes = (await chodae(environment, 'invite', 'create', ...week, ...options)).trimEnd().split('\n');
  assert.equal(new Set(codes).size, 20);

  const client = signUpClient(url, { 'accept-language': 'en' });
  const people = [samplePerson({ name: '홍길동' }), samplePerson({ name: 'Zoë' }), samplePerson({ name: '김 철수' })];
  for (const [index, person] of people.entries()) {
    const { answer } = await client.signUp(codes[index] ?? '', person);
    assert.equal(answer.status, 200);
  }

  const used = await list(environment, '--campaign', 'launch', '--status', 'used', ...options);
  assert.deepEqual(
    used.map(({ code, people: by }) => [code, by.map((person) => person.name)]).sort(),
    people.map((person, index) => [codes[index], [person.name]]).sort(),
  );
  const table = await chodae(environment, 'invite', 'list', '--campaign', 'launch', ...options);
  assert.equal(table.trimEnd().split('\n').length, 21);
  for (const { name } of people) assert.match(table, new RegExp(`1/1 +launch .*${name}$`, 'm'));
  const left = await list(environment, '--campaign', 'launch', '--status', 'usable', ...options);
  assert.equal(left.length, 17);
  const days = left.map(({ expires_at }) => (Date.parse(expires_at ?? '') - Date.now()) / 86_400_000);
  assert.ok(days.every((day) => day > 6.9 && day < 7.1));

  const shown = await chodae(environment, 'invite', 'show', codes[0] ?? '', ...options);
  assert.match(shown, /^Status +used$/m);
  assert.match(shown, /^홍길동 /m);

  await chodae(environment, 'invite', 'revoke', '--campaign', 'launch', '--yes', ...options);
  const refused = await client.verify(codes[3] ?? '');
  assert.deepEqual([refused.status, refused.body.code], [410, 'invitation_revoked']);
  const revoked = await list(environment, '--campaign', 'launch', '--status', 'revoked', ...options);
  assert.equal(revoked.length, 20);
  await chodae(environment, 'invite', 'restore', '--campaign', 'launch', '--yes', ...options);
  assert.equal((await client.verify(codes[3] ?? '')).status, 200);
}

test('a campaign from its codes to its end, on the machine of the service', async () => {
  await using server = await startSeededServer();
  await walk(server.database.environment, server.url);
});

test('the same remotely with a key, which is never shown', async () => {
  await using server = await startSeededServer();
  const key = (await json<{ key: string }>(server.database.environment, 'key', 'create', '--label', 'marketing', '--role', 'issuer')).key;
  await walk({ CHODAE_OPERATOR_KEY: key }, server.url, '--url', server.url);
  assert.ok(!server.server.output().includes(key));
});

test('columns are aligned in Korean too', async () => {
  await using server = await startSeededServer();
  const environment = { ...server.database.environment, LANG: 'ko_KR.UTF-8' };
  await chodae(environment, 'invite', 'create', '봄맞이-하나', '--campaign', '봄', '--expires', '2030-01-31');
  await chodae(environment, 'invite', 'create', 'SPRING-TWO', '--campaign', 'spring 2', '--expires', '2030-02-28');
  await signUpClient(server.url).signUp('봄맞이-하나', { name: '홍길동' });
  await signUpClient(server.url).signUp('SPRING-TWO', { name: 'Zoë' });
  const lines = (await chodae(environment, 'invite', 'list', '--created-from', '2020-01-01', '--status', 'used')).trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^코드 +상태 +자리 +캠페인 +만료 +가입한 사람$/);
  assert.equal(lines.length, 3);
  for (const line of lines) assert.deepEqual(cellPlaces(line), cellPlaces(lines[0] ?? ''), line);
});

test('many codes are exported to a file and imported again, and nothing is created twice', async () => {
  await using server = await startSeededServer();
  const { environment } = server.database;
  const folder = temporaryFolder('codes');
  const file = path.join(folder.path, 'codes.csv');
  const made = await json<{ created: number; batch: string; file: string }>(
    environment,
    ...['invite', 'create', '--count', '1200', '--campaign', 'many', '--output', file], // biome-ignore format: one list
  );
  assert.deepEqual([made.created, made.file], [1200, file]);
  assert.equal(readFileSync(file, 'utf8').trimEnd().split('\r\n').length, 1201);
  const again = await runChodae(['invite', 'create', '--count', '1200', '--output', file], { environment });
  assert.deepEqual([again.code, again.stdout], [1, '']);
  assert.match(again.stderr, /exists already/);

  const exported = path.join(folder.path, 'exported.csv');
  await chodae(environment, 'invite', 'export', exported, '--batch', made.batch);
  const imported = await json<object>(environment, 'invite', 'import', exported);
  assert.deepEqual(imported, {
    dry_run: false,
    lines: 1200,
    created: 0,
    updated: 0,
    updated_lines: [],
    unchanged: 1200,
    batch: null,
    errors: [],
  });
  const [heading = '', row = ''] = readFileSync(exported, 'utf8').split('\r\n');
  const changes = path.join(folder.path, 'changes.csv');
  const code = row.split(',')[heading.split(',').indexOf('code')];
  writeFileSync(changes, `code,note\n${code},VIP\n`);
  assert.match(await chodae(environment, 'invite', 'import', changes, '--update', '--dry-run'), /1 changed.*\nLines with changes: 2\n$/);
  assert.match(
    await chodae(environment, 'invite', 'import', changes, '--update'),
    /^1 lines: 0 invitations created, 1 changed, 0 as they were\.\n$/,
  );
  const lines = (await chodae(environment, 'invite', 'list', '--campaign', 'many', '--all', '--json')).trimEnd().split('\n');
  assert.equal(lines.length, 1200);

  const mistaken = path.join(folder.path, 'mistaken.csv');
  writeFileSync(mistaken, 'code,max_uses\nFINE-CODE,1\nOTHER-CODE,none\n');
  const refused = await runChodae(['invite', 'import', mistaken], { environment });
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /^ +3 +max_uses /m);
  assert.equal((await list(environment, '--text', 'FINE-CODE')).length, 0);
  folder.remove();
});

test('Ctrl-C while many codes are being created leaves no codes and no file', async () => {
  await using server = await startSeededServer();
  const folder = temporaryFolder('interrupted');
  const file = path.join(folder.path, 'codes.csv');
  const child = spawn(process.execPath, [...programArguments(), 'invite', 'create', '--count', '1000000', '--output', file], {
    cwd: folder.path,
    env: cleanEnvironment({ LANG: 'C', ...server.database.environment }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const said = readText(child.stderr);
  // The file is opened just before the request is sent, and a million takes far longer than this.
  while (!existsSync(file)) await delay(20);
  await delay(1_500);
  child.kill('SIGINT');
  assert.deepEqual([await ended, existsSync(file)], [1, false]);
  assert.match(await said, /^Interrupted\. Either all of the invitations were made or none/);
  assert.equal((await list(server.database.environment, '--limit', '500')).length, 5);
  folder.remove();
});

test('a reader that closes the pipe early is not an error', async () => {
  await using server = await startSeededServer();
  const { environment } = server.database;
  const program = `"${process.execPath}" "${new URL('../../dist/cli/chodae.js', import.meta.url).pathname}"`;
  const commands = ['invite create --count 3000', 'invite list --all', 'invite list --all --json', 'invite export'];
  for (const words of commands) {
    const { code, stdout, stderr } = await runInShell(`set -o pipefail; ${program} ${words} | head -n 2`, { environment });
    assert.deepEqual([code, stderr], [0, ''], words);
    assert.equal(stdout.trimEnd().split('\n').length, 2, words);
  }
});

test('without a terminal, confirmations must be given as options', async () => {
  const folder = temporaryFolder('asked');
  for (const words of [
    ['invite', 'revoke', 'WELCOME'],
    ['invite', 'restore', '--campaign', 'launch'],
    ['key', 'revoke', '1'],
  ]) {
    const { code, stdout, stderr } = await runChodae(words, { directory: folder.path });
    assert.deepEqual([code, stdout], [2, ''], words.join(' '));
    assert.match(stderr, /--yes/);
  }
  assert.equal(existsSync(path.join(folder.path, 'data')), false);
  folder.remove();
});
