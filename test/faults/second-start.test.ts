import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedFolder } from '../support/embedded-folder.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServer } from '../support/server-process.ts';

/** Seconds that a refusal may take beside what this machine needs to start the program at all; a busy one gets more than one try. */
const refusalSeconds = 2;
const tries = 3;

test('a second start in the same folder is refused at once, names the holder, and leaves it alone', async () => {
  await using folder = await embeddedFolder();
  await using holder = await startServer({ environment: folder.environment });
  const refusal = await refusedStart(folder.environment);
  assert.match(refusal, /^The server ended with 1:\n/);
  assert.match(refusal, new RegExp(`in use by process ${holder.process.pid} `));
  assert.match(refusal, /DATA_DIR/);
  assert.match(refusal, /DATABASE_URL/);

  // A command that would open the folder itself is refused in the same words; one of operators asks the holder.
  const migrated = await runChodae(['migrate'], { environment: folder.environment });
  assert.deepEqual([migrated.code, migrated.stdout], [1, '']);
  assert.match(migrated.stderr, new RegExp(`in use by process ${holder.process.pid} `));
  const seeded = await runChodae(['seed'], { environment: folder.environment });
  assert.deepEqual([seeded.code, seeded.stderr], [0, '']);
  const ready = await fetch(`${holder.url}/readyz`);
  assert.equal(ready.status, 200);
});

test('a folder whose server was killed opens at the next start, and again', async () => {
  await using folder = await embeddedFolder();
  for (let round = 1; round <= 2; round += 1) {
    const killed = await startServer({ environment: folder.environment });
    await killed.kill();
  }
  await using server = await startServer({ environment: folder.environment });
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});

async function refusedStart(environment: Readonly<Record<string, string>>): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const begun = performance.now();
    await runChodae(['--version']);
    const startSeconds = refusalSeconds + (2 * (performance.now() - begun)) / 1000;
    const error = await startServer({ environment, startSeconds }).then(
      () => assert.fail('two servers have the same folder open'),
      (reason: unknown) => reason as Error,
    );
    const wasLate = error.message.includes('printed no address');
    if (!wasLate || attempt === tries) return error.message;
  }
}
