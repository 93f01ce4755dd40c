import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './sign-up-client.ts';

/** Times that somebody is told to come again before that is a failure. */
const patience = 30;

/** Sends a request until it is not answered with 503, as that answer asks: on a machine that stands still for a second, whoever waits for a connection gets it. */
export async function insist(send: () => Promise<Answer>): Promise<Answer> {
  for (let times = 1; ; times += 1) {
    const answer = await send();
    if (answer.status !== 503) return answer;
    const seconds = Number(answer.headers.get('retry-after'));
    assert.ok(seconds >= 1, 'a 503 does not say when to come again');
    assert.ok(times < patience, `told to come again ${times} times`);
    await sleep(seconds * 1000);
  }
}
