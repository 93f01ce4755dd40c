import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SignUpClient } from './sign-up-client.ts';

/**
 * Resolves once a code is verified with 200; retries after each 503 and each dropped connection.
 * @throws AssertionError after a minute, or for any other answer.
 */
export async function untilServing(client: SignUpClient, code: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const status = await client.verify(code).then(
      (answer) => answer.status,
      () => 503,
    );
    if (status === 200) return;
    assert.equal(status, 503);
    await delay(10);
  }
  assert.fail('no sign-up succeeds within a minute');
}
