import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './sign-up-client.ts';

/** Retries after which a 503 is a failure. */
const patience = 30;

/** Repeats a request while it gets 503, after its Retry-After: a busy machine that stalls for a second still serves it then. */
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
