import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { durations, untilReady } from '../support/durations.ts';
import { embeddedFolder } from '../support/embedded-folder.ts';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun, startLoad } from '../support/sign-up-load.ts';

/** A load is long enough for three kills. */
const killsPerLoad = 3;
const reopenMilliseconds = 3_000;

test('on the embedded database nothing acknowledged is lost to kill -9, and no code makes two users', async (context) => {
  await using folder = await embeddedFolder();
  const rounds = faultRounds(2, 100);
  const attempts: Attempt[] = [];
  const reopenings = durations();
  await folder.whileClosed(async (query) => {
    for (let load = 0; load < rounds / killsPerLoad; load += 1) attempts.push(...(await prepareAttempts(query, `LOAD-${load}`)));
  });
  // However busy the machine is, a password waits for its hash: this is not about overload.
  const settings = { BCRYPT_COST: '10', PASSWORD_WAIT: '60s', LOG_LEVEL: 'warn' };
  const start = () => startServer({ environment: { ...folder.environment, ...settings } });
  let server = await start();
  let cut = 0;
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const load = startLoad([signUpClient(server.url)], attempts.filter(isFresh));
      await load.answered(randomInt(1, 30));
      await delay(randomInt(5));
      await server.kill();
      await load.over;
      cut += attempts.filter(wasCut).length;
      // On the same folder, with the lock and the half-written log of the dead.
      await reopenings.measure(async () => {
        server = await start();
        await untilReady(server.url);
      });
      await settleBegun([signUpClient(server.url)], attempts);
    }
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
  } finally {
    await server.kill();
  }
  await folder.whileClosed((query) => assertTablesAgree(query, attempts));
  const seen = `${cut} sign-ups cut off, ${attempts.filter((attempt) => attempt.userId).length} users, 0 wrong; open again: ${reopenings}`;
  context.diagnostic(`${rounds} kills, ${seen}`);
  if (isLongForm) assert.ok(reopenings.worst <= reopenMilliseconds, `open again: ${reopenings}`);
  recordFault({
    name: 'killed-server',
    fault: `the only server killed (kill -9) on the embedded database under load, ${rounds} times`,
    demand: 'nothing acknowledged lost, no seat twice; the folder open and the server ready again ≤ 3 s after its start',
    seen,
  });
});

const isFresh = (attempt: Attempt) => attempt.asked.size === 0;
const wasCut = ({ asked, userId, refusal }: Attempt) => asked.size > 0 && userId === undefined && refusal === undefined;
