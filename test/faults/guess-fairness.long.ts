import assert from 'node:assert/strict';
import { loadavg } from 'node:os';
import { test } from 'node:test';
import { recordFault } from '../support/fault-record.ts';
import { attackGuesses, budget, startGuessedServers } from '../support/guess-attack.ts';
import { counts, percentile } from '../support/measured-request.ts';

/** `CHODAE_FAIRNESS_SECONDS=60` for a try. */
const seconds = Number(process.env.CHODAE_FAIRNESS_SECONDS || 300);
const networks = 50;

test(`the budget of guesses is spent for ${seconds} s: offices of 30 people that mistype ten times are not refused`, async (context) => {
  await using group = await startGuessedServers();
  const { right, mistyped, attacker, offices } = await attackGuesses(group, {
    seconds,
    networks,
    guessesPerSecond: 20,
    officesPerSecond: 0.33,
  });
  const entered = right['200'] ?? [];
  const figures =
    `${offices} offices: right codes ${JSON.stringify(counts(right))}, p99 ${percentile(entered, 0.99).toFixed(0)} ms, mistakes ${JSON.stringify(counts(mistyped))}; ` +
    `attacker ${JSON.stringify(counts(attacker))}`;
  context.diagnostic(`${figures}; load ${loadavg()[0]?.toFixed(1)}`);
  assert.deepEqual(counts(right), { 200: 30 * offices }, figures);
  assert.deepEqual(Object.keys(mistyped), ['404 invitation_not_found'], figures);
  assert.ok(percentile(entered, 0.95) <= 10_000, figures);
  assert.ok((attacker['404 invitation_not_found']?.length ?? 0) <= budget + 8 + (2 + networks) * 30, figures);
  recordFault({
    name: 'guess-fairness',
    fault: `two addresses spend the budget of ${budget} wrong codes, ${networks} more guess on for ${seconds} s; offices of 30 that mistype ten times come, at two processes`,
    demand: 'none of them is refused; 30 wrong codes of each address that guesses',
    seen: figures,
  });
});
