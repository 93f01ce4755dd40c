import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { emptyDatabase } from '../support/empty-database.ts';
import { testRounds } from '../support/rounds.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const patienceSeconds = 60;

/** Kills a first start once its folder is marked as being made, or as made, and sees whether the second start has everything. */
async function assertFirstStartIsRepeated(mark: 'creating' | 'ready', milliseconds: number): Promise<void> {
  await using database = await emptyDatabase('embedded');
  const directory = database.environment.DATA_DIR ?? '';
  const starting = startServer({ environment: database.environment }).then(
    (server) => server.kill(),
    (error: Error) => assert.match(error.message, /ended with SIGKILL/),
  );
  await until(() => read(directory, 'chodae.json')?.state === mark);
  await delay(milliseconds);
  const [, holder] =
    readdirSync(directory)
      .join('\n')
      .match(/^chodae\.lock\.(\d+)\./m) ?? assert.fail('the folder has no lock');
  kill(Number(holder));
  await starting;

  await using server = await startServer({ environment: database.environment });
  const client = signUpClient(server.url);
  for (const code of ['TEST001', 'TEST005']) {
    const { status, body } = await client.verify(code);
    assert.deepEqual([status, body.valid], [200, true], `${code} after a kill ${milliseconds} ms after the mark "${mark}"`);
  }
}

test('a first start that was killed while it made the folder is made good by the next', async () => {
  for (let round = 1; round <= testRounds(1); round += 1) await assertFirstStartIsRepeated('creating', randomInt(4_000));
});

test('a first start that was killed just after it made the folder has left everything in it', async () => {
  for (let round = 1; round <= testRounds(1); round += 1) await assertFirstStartIsRepeated('ready', round === 1 ? 0 : randomInt(400));
});

/** On a fast machine the start was over already, and the server killed for that. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}

function read(directory: string, file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path.join(directory, file), 'utf8'));
  } catch {
    return undefined;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + patienceSeconds * 1000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'what was waited for did not come');
    await delay(1);
  }
}
