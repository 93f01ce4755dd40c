import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireEmbeddedLock, DatabaseInUseError, lockHolder, socketFolders } from './embedded-lock.ts';

const lockModule = new URL('./embedded-lock.ts', import.meta.url).href;

function lockFolder(...names: string[]) {
  const parent = mkdtempSync(join(tmpdir(), 'chodae-lock-'));
  const directory = join(parent, ...names);
  mkdirSync(directory, { recursive: true });
  const [folder = ''] = socketFolders(directory);
  return {
    directory,
    folder,
    [Symbol.dispose]: () => {
      rmSync(parent, { recursive: true, force: true });
      if (folder !== directory) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the module's code in a process of its own; `acquire` and `directory` are there. */
function spawnChild(directory: string, code: string): ChildProcess {
  const program = `const { acquireEmbeddedLock: acquire } = await import(${JSON.stringify(lockModule)});
    const directory = ${JSON.stringify(directory)}; ${code}`;
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

async function spawnHolder(directory: string): Promise<ChildProcess> {
  const child = spawnChild(directory, `await acquire(directory); process.send('held'); setInterval(() => {}, 1000)`);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function assertRefused(directory: string, who: string): Promise<void> {
  await assert.rejects(acquireEmbeddedLock(directory), (error: unknown) => {
    assert.ok(error instanceof DatabaseInUseError);
    assert.ok(error.message.includes(who) && error.message.includes('DATABASE_URL'), error.message);
    return true;
  });
}

for (const [name, parts] of [
  ['a folder', ['data']],
  ['a folder whose name is too long for sockets', ['한'.repeat(30), '글'.repeat(30)]],
] as const) {
  test(`${name}: a live process keeps its lock, also when it is stopped; a killed one loses it`, async () => {
    using folder = lockFolder(...parts);
    const child = await spawnHolder(folder.directory);
    await assertRefused(folder.directory, `in use by process ${child.pid} on ${hostname()}.`);
    assert.deepEqual(await lockHolder(folder.directory), { pid: child.pid, host: hostname() });
    child.kill('SIGSTOP');
    await assertRefused(folder.directory, `in use by process ${child.pid}.`);
    await kill(child);
    assert.equal(await lockHolder(folder.directory), undefined);
    const lock = await acquireEmbeddedLock(folder.directory);
    assert.equal((await lockHolder(folder.directory))?.pid, process.pid);
    assert.equal(readdirSync(folder.folder).length, 1, 'the socket of the killed process is removed');
    await lock.release();
    assert.deepEqual(readdirSync(folder.folder), []);
  });
}

test('the same process cannot take it twice, and a late release leaves the next lock alone', async () => {
  using folder = lockFolder();
  const first = await acquireEmbeddedLock(folder.directory);
  await assertRefused(folder.directory, `in use by process ${process.pid} `);
  await first.release();
  const second = await acquireEmbeddedLock(folder.directory);
  await first.release();
  assert.equal((await lockHolder(folder.directory))?.pid, process.pid);
  await second.release();
  assert.equal(await lockHolder(folder.directory), undefined);
});

test('a process that holds the lock ends when it has nothing else to do', async () => {
  using folder = lockFolder();
  const child = spawnChild(folder.directory, 'await acquire(directory); process.disconnect();');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('a folder that is not there has no holder', async () => {
  using folder = lockFolder();
  const missing = join(folder.directory, 'missing');
  assert.equal(await lockHolder(missing), undefined);
  assert.ok(!existsSync(missing));
});

test('of 8 processes that race for the lock of a killed one exactly one gets it', async (context) => {
  using folder = lockFolder();
  const racer = `
    let lock;
    process.on('message', async (start) => {
      if (start === 'release') {
        await lock?.release();
        lock = undefined;
        return process.send('released');
      }
      while (Date.now() < start);
      lock = await acquire(directory).catch(() => undefined);
      process.send(lock ? 'won' : 'refused');
    });
    process.send('ready');`;
  const racers = Array.from({ length: 8 }, () => spawnChild(folder.directory, racer));
  // A failed round must not leave them, which would keep this process alive.
  context.after(() => Promise.all(racers.map(kill)));
  const answers = () => Promise.all(racers.map(async (child) => (await once(child, 'message'))[0] as string));
  await answers();
  for (let round = 0; round < 10; round++) {
    const dead = await spawnHolder(folder.directory);
    await kill(dead);
    const start = Date.now() + 20;
    for (const child of racers) child.send(start);
    const outcome = await answers();
    assert.equal(outcome.filter((each) => each === 'won').length, 1, `round ${round}: ${outcome.join(' ')}`);
    assert.equal((await lockHolder(folder.directory))?.pid, racers[outcome.indexOf('won')]?.pid);
    for (const child of racers) child.send('release');
    await answers();
    await sleep(0);
    assert.deepEqual(readdirSync(folder.directory), []);
  }
});
