import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackGuesses, budget, startGuessedServers } from '../support/guess-attack.ts';
import { counts } from '../support/measured-request.ts';

test('while the budget of guesses is spent, offices of 30 that mistype ten times get in at each of two processes', async (context) => {
  await using group = await startGuessedServers();
  const report = await attackGuesses(group, { seconds: 10, networks: 5, guessesPerSecond: 20, officesPerSecond: 0.5 });
  const figures = `${report.offices} offices: ${JSON.stringify([counts(report.right), counts(report.mistyped)])}; attacker ${JSON.stringify(counts(report.attacker))}`;
  context.diagnostic(figures);
  assert.deepEqual(counts(report.right), { 200: 30 * report.offices }, figures);
  assert.deepEqual(Object.keys(report.mistyped), ['404 invitation_not_found'], figures);
  // The budget, what its last eight requests had under way at the other process, and thirty of each address that spent it or guessed on.
  assert.ok((report.attacker['404 invitation_not_found']?.length ?? 0) <= budget + 8 + (2 + 5) * 30, figures);
});
