import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { acquireEmbeddedLock, DatabaseInUseError, lockFileName, lockHolder } from './embedded-lock.ts';
import { describeThisProcess, type LockHolder } from './lock-holder.ts';

const lockModule = new URL('./embedded-lock.ts', import.meta.url).href;

/** A folder for one test; its lock file may be written as another process would have left it. */
function lockFolder() {
  const directory = mkdtempSync(join(tmpdir(), 'chodae-lock-'));
  const path = join(directory, lockFileName);
  return {
    directory,
    path,
    write(holder: LockHolder | string, ageSeconds = 0) {
      writeFileSync(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
      const time = new Date(Date.now() - ageSeconds * 1000);
      utimesSync(path, time, time);
    },
    token: () => (JSON.parse(readFileSync(path, 'utf8')) as LockHolder).token,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
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

async function spawnHolder(directory: string, andThen = 'setInterval(() => {}, 1000)'): Promise<ChildProcess> {
  const child = spawnChild(directory, `await acquire(directory); process.send('held'); ${andThen}`);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function deadProcess(): LockHolder {
  return { ...describeThisProcess(), pid: spawnSync(process.execPath, ['-e', '']).pid };
}

async function assertRefused(directory: string, holder?: { pid: number; host: string }): Promise<void> {
  const startedAt = performance.now();
  const error = await acquireEmbeddedLock(directory).then(
    () => assert.fail('the lock was taken'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DatabaseInUseError);
  assert.ok(performance.now() - startedAt < 8_000, `decided after ${performance.now() - startedAt} ms`);
  if (!holder) return;
  assert.deepEqual([error.pid, error.host], [holder.pid, holder.host]);
  assert.ok(error.message.includes(`process ${holder.pid} on ${holder.host}`) && error.message.includes('DATABASE_URL'));
}

async function assertTakenOver(directory: string): Promise<void> {
  const lock = await acquireEmbeddedLock(directory);
  assert.equal(lockHolder(directory)?.pid, process.pid);
  assert.deepEqual(readdirSync(directory), [lockFileName]);
  lock.release();
  assert.deepEqual(readdirSync(directory), []);
}

test('a live process keeps its lock, a killed one loses it', async () => {
  using folder = lockFolder();
  const child = await spawnHolder(folder.directory);
  await assertRefused(folder.directory, { pid: child.pid ?? 0, host: hostname() });
  assert.equal(lockHolder(folder.directory)?.pid, child.pid);
  // A stopped process is alive: it would write on as soon as it is continued.
  child.kill('SIGSTOP');
  folder.write(readFileSync(folder.path, 'utf8'), 3600);
  await assertRefused(folder.directory);
  await kill(child);
  assert.equal(lockHolder(folder.directory), undefined);
  await assertTakenOver(folder.directory);
});

test('a process that ends by itself leaves no lock behind', async () => {
  using folder = lockFolder();
  const child = await spawnHolder(folder.directory, 'setTimeout(() => process.exit(3), 20)');
  await once(child, 'exit');
  assert.deepEqual(readdirSync(folder.directory), []);
});

test('a recycled process id is not taken for the holder', async () => {
  using folder = lockFolder();
  const started = 'boot-of-yesterday 4711';
  folder.write({ ...describeThisProcess(), pid: process.ppid, started });
  await assertTakenOver(folder.directory);
  folder.write({ ...describeThisProcess(), started });
  await assertTakenOver(folder.directory);
});

test('the same process cannot take it twice, and a late release leaves the next lock alone', async () => {
  using folder = lockFolder();
  const first = await acquireEmbeddedLock(folder.directory);
  await assertRefused(folder.directory, { pid: process.pid, host: hostname() });
  first.release();
  const second = await acquireEmbeddedLock(folder.directory);
  first.release();
  assert.ok(existsSync(folder.path));
  second.release();
  assert.ok(!existsSync(folder.path));
});

test('a process of another host or container counts as alive for 30 s after its last heartbeat', async () => {
  using folder = lockFolder();
  const elsewhere = [
    { ...describeThisProcess(), host: 'elsewhere' },
    { ...deadProcess(), pidNamespace: 'pid:[1]' },
  ];
  for (const holder of elsewhere) {
    folder.write(holder, 25);
    await assertRefused(folder.directory, holder);
    folder.write(holder, 31);
    await assertTakenOver(folder.directory);
  }
});

test('a lock whose writer was killed half way counts as alive for 30 s', async () => {
  using folder = lockFolder();
  folder.write('{"pid":', 25);
  await assertRefused(folder.directory);
  folder.write('{"pid":', 31);
  await assertTakenOver(folder.directory);
});

test('our own process id in another container is waited for: it may be this container before its restart', async () => {
  using folder = lockFolder();
  folder.write({ ...describeThisProcess(), pidNamespace: 'pid:[1]' }, 10);
  const startedAt = performance.now();
  await assertTakenOver(folder.directory);
  assert.ok(performance.now() - startedAt > 900);
});

test('the heartbeat goes on until somebody else has the lock', async () => {
  using folder = lockFolder();
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const lock = await acquireEmbeddedLock(folder.directory);
    folder.write(readFileSync(folder.path, 'utf8'), 60);
    mock.timers.tick(5_000);
    assert.ok(Date.now() - statSync(folder.path).mtimeMs < 5_000);
    assert.equal(lock.isLost(), false);
    const reading = mock.method(fs, 'readFileSync', () => {
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    });
    syncBuiltinESMExports();
    mock.timers.tick(5_000);
    assert.ok(reading.mock.callCount() > 0);
    reading.mock.restore();
    syncBuiltinESMExports();
    assert.equal(lock.isLost(), false);
    folder.write({ ...describeThisProcess(), host: 'elsewhere' }, 60);
    mock.timers.tick(5_000);
    assert.equal(lock.isLost(), true);
    assert.ok(Date.now() - statSync(folder.path).mtimeMs > 5_000);
    lock.release();
    assert.ok(existsSync(folder.path));
  } finally {
    mock.timers.reset();
  }
});

test('of 8 processes that race for the lock of a dead one exactly one gets it', async () => {
  using folder = lockFolder();
  const racer = `
    let lock;
    process.on('message', async (start) => {
      if (start === 'release') return process.send(lock?.release() ?? 'released');
      while (Date.now() < start);
      lock = await acquire(directory).catch(() => undefined);
      process.send(lock ? 'won' : 'refused');
    });
    process.send('ready');`;
  const racers = Array.from({ length: 8 }, () => spawnChild(folder.directory, racer));
  const answers = () => Promise.all(racers.map(async (child) => (await once(child, 'message'))[0] as string));
  await answers();
  const dead = deadProcess();
  for (let round = 0; round < 20; round++) {
    const stale = { ...dead, token: `stale-${round}` };
    folder.write(stale);
    // Every other round somebody has died over the takeover already.
    if (round % 2 === 1) writeFileSync(`${folder.path}.${stale.token}.1`, JSON.stringify({ ...dead, token: 'claim' }));
    const start = Date.now() + 20;
    for (const child of racers) child.send(start);
    const outcome = await answers();
    assert.equal(outcome.filter((each) => each === 'won').length, 1, `round ${round}: ${outcome.join(' ')}`);
    assert.equal(lockHolder(folder.directory)?.pid, racers[outcome.indexOf('won')]?.pid);
    for (const child of racers) child.send('release');
    await answers();
    assert.deepEqual(readdirSync(folder.directory), []);
  }
  await Promise.all(racers.map(kill));
});
