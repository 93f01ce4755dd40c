import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { counts, percentile } from '../support/measured-request.ts';
import { attackPasswords, type HonestCrowd, type PasswordAttack, startAttackedServer } from '../support/password-attack.ts';

const seconds = 12;
/** Hashes quick enough for a few seconds to tell something, and a limit that ends no attack within them. */
const settings = {
  BCRYPT_COST: '10',
  RATE_LIMIT_SIGN_UP: '100000/10m',
  RATE_LIMIT_VERIFY: '100000/10m',
  RATE_LIMIT_PASSWORDS: '100000/10m',
};
const honest: HonestCrowd = { share: 0.2, perNetwork: 1, comeBack: false };

test('one address with 100 connections: others still set their passwords', (context) =>
  provesFair(context, { networks: 1, connections: 100, sessions: 'repeat' }));

test('eight addresses with a sign-up for each password: others still set their passwords', (context) =>
  provesFair(context, { networks: 8, connections: 12, sessions: 'fresh' }));

async function provesFair(context: TestContext, attack: PasswordAttack): Promise<void> {
  await using group = await startAttackedServer(settings);
  const { served, unserved, attacker, perSecond } = await attackPasswords(group, seconds, attack, honest);
  const figures =
    `${perSecond.toFixed(2)} a second: ${served.length} served, p95 ${percentile(served, 0.95).toFixed(0)} ms; not: ${unserved.join(', ')}; ` +
    `attacker ${JSON.stringify(counts(attacker))}`;
  context.diagnostic(figures);
  // Bounds for any machine in any company; those of the long form are the demand.
  assert.ok(served.length > 0 && served.length >= 3 * unserved.length, figures);
  assert.ok((attacker['200'] ?? []).length > 0, figures);
}
