import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { testDatabaseKind } from '../support/empty-database.ts';
import { runChodae } from '../support/run-chodae.ts';
import { cleanEnvironment, programArguments, startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { unprivilegedUser } from '../support/unprivileged-user.ts';

const skip = testDatabaseKind() === 'embedded' && process.platform !== 'win32' ? false : 'about the embedded database and modes';
const user = unprivilegedUser();
const skipAsOrdinary = skip || (user ? false : 'needs root, which can start a program as another user');

/** Runs a program as another user of the machine. */
async function runAs(words: readonly string[], command: string, environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(command, words, { ...user, cwd: '/', env: cleanEnvironment(environment), stdio: ['ignore', 'pipe', 'pipe'] });
  // A start that should be refused but is not ends after a while.
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
  let said = '';
  for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(late);
  return { code, said };
}

test('another user of the machine can neither read nor change the database, in a folder that was open before', {
  skip: skipAsOrdinary,
}, async () => {
  const folder = temporaryFolder('files');
  chmodSync(folder.path, 0o755);
  const directory = path.join(folder.path, 'data');
  mkdirSync(directory);
  chmodSync(directory, 0o777);
  await using server = await startServer({ environment: { DATA_DIR: directory } });
  assert.equal((await signUpClient(server.url).signUp('TEST001')).answer.status, 200);
  const attempts = [
    ['ls', directory],
    ['cat', path.join(directory, 'PG_VERSION')],
    ['cat', path.join(directory, '.local-operator.json')],
    ...readdirSync(path.join(directory, 'pg_wal')).map((name) => ['cat', path.join(directory, 'pg_wal', name)]),
    ['touch', path.join(directory, 'postgresql.auto.conf')],
    ['touch', path.join(directory, 'new')],
  ];
  for (const [command = '', ...words] of attempts) {
    const { code, said } = await runAs(words, command);
    assert.notEqual(code, 0, `${command} ${words.join(' ')}`);
    assert.match(said, /[Pp]ermission denied/);
  }
  await server.stop();
  folder.remove();
});

test('a folder of another owner that others can enter is refused with a message and is not changed', {
  skip: skipAsOrdinary,
}, async () => {
  const folder = temporaryFolder('files');
  chmodSync(folder.path, 0o755);
  const directory = path.join(folder.path, 'mounted');
  mkdirSync(directory);
  chmodSync(directory, 0o777);
  const chodae = (...words: string[]) => runAs([...programArguments(), ...words], process.execPath, { DATA_DIR: directory });
  for (const words of [['serve', '--port', '0'], ['migrate'], ['invite', 'list']]) {
    const { code, said } = await chodae(...words);
    assert.equal(code, 1, said);
    assert.match(
      said,
      /^The folder \S+ lets other users of this machine in \(mode 0777\), [^\n]+`chmod 700`[^\n]+, such as \S+\/mounted\/chodae\.\n$/,
    );
  }
  assert.deepEqual(readdirSync(directory), []);
  const doctor = await chodae('doctor');
  assert.equal(doctor.code, 1);
  assert.match(
    doctor.said,
    /✗ files: other users of this machine can enter \S+mounted \(mode 0777\) and read the database\n +The service does not start there/,
  );
  folder.remove();
});

test('doctor reports a folder, an .env file and a private key that others can read, and changes nothing', { skip }, async () => {
  const folder = temporaryFolder('files');
  chmodSync(folder.path, 0o755);
  const directory = path.join(folder.path, 'data');
  mkdirSync(directory);
  chmodSync(directory, 0o755);
  const env = path.join(folder.path, '.env');
  const key = path.join(folder.path, 'key.pem');
  for (const file of [env, key]) {
    writeFileSync(file, 'CHODAE_OPERATOR_KEY=chodae_key_x\n');
    chmodSync(file, 0o644);
  }
  const examine = async () => {
    const environment = { DATA_DIR: directory, TLS_CERT: key, TLS_KEY: key };
    const { stdout } = await runChodae(['doctor', '--json'], { environment, directory: folder.path });
    const { findings } = JSON.parse(stdout) as { findings: { name: string; verdict: string; message: string; advice?: string }[] };
    return findings.filter(({ name }) => name === 'files');
  };
  const found = await examine();
  assert.deepEqual(
    found.map(({ verdict, advice }) => [verdict, advice]),
    [
      ['warning', `The next start closes it; or run: chmod 700 ${directory}`],
      ['warning', `Run: chmod 600 ${env}`],
      ['warning', `Run: chmod 600 ${key}`],
    ],
  );
  assert.match(String(found[1]?.message), /which has CHODAE_OPERATOR_KEY$/);
  assert.equal(statSync(directory).mode & 0o777, 0o755);
  chmodSync(directory, 0o700);
  writeFileSync(env, 'PORT=8001\n');
  chmodSync(key, 0o600);
  assert.deepEqual(
    (await examine()).map(({ verdict }) => verdict),
    ['ok'],
  );
  chmodSync(folder.path, 0o777);
  assert.match(String((await examine())[0]?.message), /can write to \S+, and so put a database of their own in place of/);
  assert.equal(existsSync(path.join(directory, 'PG_VERSION')), false);
  folder.remove();
});
