import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOutcomes, openRacers } from '../support/racers.ts';
import { testRounds } from '../support/rounds.ts';
import { startServerPair } from '../support/server-pair.ts';
import { raceRound, type StartingLine } from '../support/starting-line.ts';
import { storeOperator } from '../support/stored-operator.ts';

/** Every creation of a custom code has to wait for this lock. */
const codesLine: StartingLine = { sql: 'SELECT pg_advisory_xact_lock(4015161719)', values: [] };

/** No key can be stored: without an earlier lock all requests have read the labels in use by then. */
const keysLine: StartingLine = { sql: 'LOCK TABLE operator_keys IN SHARE MODE', values: [] };

/** The same letters in another case for each number, so that each is another code with the same key. */
function spelling(word: string, number: number): string {
  return [...word].map((letter, at) => ((number >> at) & 1 ? letter.toLowerCase() : letter)).join('');
}

test('of look-alike codes created concurrently by two servers one is created, and the others are told which', async () => {
  await using pair = await startServerPair();
  const { authorization } = await storeOperator(pair.query, 'issuer');
  using racers = await openRacers(
    pair.servers.map((server) => server.url),
    16,
  );
  for (let round = 1; round <= testRounds(4); round += 1) {
    const word = `RACE${'ABCDEFG'[round % 7]}WORD`;
    const answers = await raceRound(pair, racers, { round, line: codesLine }, (racer, index) =>
      racer.send('POST', '/admin/invitations', { code: spelling(word, index) }, { authorization }),
    );
    assert.deepEqual(countOutcomes(answers), { '201': 1, '409 invitation_code_alike': 15 }, `round ${round}`);
    const stored = await pair.query<{ code: string }>('SELECT code FROM "Invitation" WHERE upper(code) = $1', [word]);
    assert.equal(stored.length, 1);
    for (const { status, body } of answers) if (status === 409) assert.equal(body.other_code, stored[0]?.code);
  }
});

test('of look-alike codes imported concurrently by two servers while others create one, one remains', async () => {
  await using pair = await startServerPair();
  const { authorization } = await storeOperator(pair.query, 'issuer');
  for (let round = 1; round <= testRounds(4); round += 1) {
    const word = `FILE${'ABCDEFG'[round % 7]}WORD`;
    const send = async (server: number, path: string, type: string, body: string) => {
      const answer = await fetch(`${pair.servers[server]?.url}${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body,
      });
      return (await answer.json()) as { code?: string; created?: number; errors?: { code: string }[] };
    };
    const file = (number: number) => `code\nR${round}-FILLER-${number}\n${spelling(word, number)}\n`;
    const answers = await Promise.all([
      send(0, '/admin/invitations/import', 'text/csv', file(1)),
      send(1, '/admin/invitations/import', 'text/csv', file(2)),
      ...[3, 4, 5, 6].map((number) =>
        send(number % 2, '/admin/invitations', 'application/json', JSON.stringify({ code: spelling(word, number) })),
      ),
    ]);
    const stored = await pair.query('SELECT code FROM "Invitation" WHERE upper(code) = $1', [word]);
    assert.equal(stored.length, 1, `round ${round}`);
    const refused = answers.filter(({ code, errors }) => code === 'invitation_code_alike' || errors?.[0]?.code === 'code_alike');
    assert.equal(refused.length, 5, JSON.stringify(answers));
  }
});

test('of keys with look-alike labels created concurrently by two servers one is created', async () => {
  await using pair = await startServerPair();
  const { authorization } = await storeOperator(pair.query, 'admin');
  using racers = await openRacers(
    pair.servers.map((server) => server.url),
    8,
  );
  // A key's last use is recorded at its first request, which would wait at the line.
  for (const racer of racers.all) assert.equal((await racer.send('GET', '/admin/me', undefined, { authorization })).status, 200);
  for (let round = 1; round <= testRounds(3); round += 1) {
    const word = `LABEL${'ABCDEFG'[round % 7]}`;
    const answers = await raceRound(pair, racers, { round, line: keysLine }, (racer, index) =>
      racer.send('POST', '/admin/keys', { label: spelling(word, index), role: 'viewer' }, { authorization }),
    );
    assert.deepEqual(countOutcomes(answers), { '201': 1, '409 key_label_taken': 7 }, `round ${round}`);
    const stored = await pair.query('SELECT FROM operator_keys WHERE upper(label) = $1', [word]);
    assert.equal(stored.length, 1);
  }
});
