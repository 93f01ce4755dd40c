import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { signUpClient } from '../support/sign-up-client.ts';
import { type Attempt, assertTablesAgree } from '../support/sign-up-journal.ts';
import { prepareAttempts, settleBegun, startLoad } from '../support/sign-up-load.ts';

test('where one of two servers is killed the other one answers for everything that was acknowledged', async (context) => {
  await using pair = await startServerPair({ PASSWORD_WAIT: '60s' });
  const clientOf = (index: 0 | 1) => signUpClient(pair.servers[index].url);
  const all: Attempt[] = [];
  let cut = 0;
  const rounds = testRounds(3);
  for (let round = 1; round <= rounds; round += 1) {
    const attempts = await prepareAttempts(pair.query, `LOAD-${round}`);
    all.push(...attempts);
    const load = startLoad([clientOf(0), clientOf(1)], attempts);
    await load.answered(randomInt(1, 60));
    await delay(randomInt(5));
    const victim = randomInt(2) as 0 | 1;
    await pair.servers[victim].kill();
    await load.over;
    cut += attempts.filter(({ asked, userId, refusal }) => asked.size > 0 && userId === undefined && refusal === undefined).length;
    // The statements of the dead may still be running in the database: whoever asks again gets their outcome.
    await settleBegun([clientOf(victim === 0 ? 1 : 0)], attempts);
    await assertTablesAgree(pair.query, all);
    await pair.replace(victim);
    await settleBegun([clientOf(victim)], attempts);
  }
  context.diagnostic(`${rounds} kills, ${cut} sign-ups cut off, ${all.filter((attempt) => attempt.userId).length} users`);
});
