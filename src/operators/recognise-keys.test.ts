import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database } from '../database/database.ts';
import { generateOperatorKey, type NewOperatorKey } from './operator-key.ts';
import { recogniseKeys } from './recognise-keys.ts';

/** A database with one usable key; it records how many hashes each statement asked for. */
function oneKeyDatabase({ hash }: NewOperatorKey): { database: Pick<Database, 'run'>; asked: number[] } {
  const asked: number[] = [];
  const database: Pick<Database, 'run'> = {
    async run<Row>(_statement: unknown, values: readonly unknown[] = []) {
      const [hashes] = values as [string[]];
      asked.push(hashes.length);
      return (hashes.includes(hash) ? [{ key_hash: hash }] : []) as Row[];
    },
  };
  return { database, asked };
}

const bearerOf = ({ key }: NewOperatorKey) => `Bearer ${key}`;
const wrongKeys = (count: number) => Array.from({ length: count }, () => bearerOf(generateOperatorKey()));

test('keys that arrive together are looked up together, each once', async () => {
  const key = generateOperatorKey();
  const { database, asked } = oneKeyDatabase(key);
  const recognise = recogniseKeys(database);
  const answers = await Promise.all(
    [...wrongKeys(50), bearerOf(key), bearerOf(key)].map((authorization) => recognise(authorization, '192.0.2.1')),
  );
  assert.deepEqual(
    answers.filter((isGood) => isGood),
    [true, true],
  );
  assert.deepEqual(asked, [51]);
  assert.equal(await recognise(bearerOf(key), '192.0.2.1'), true);
  assert.deepEqual(asked, [51, 1]);
});

test('a flood from one network is capped and leaves room for the others', async () => {
  const key = generateOperatorKey();
  const { database, asked } = oneKeyDatabase(key);
  const recognise = recogniseKeys(database);
  const flood = Promise.all(wrongKeys(1_000).map((authorization) => recognise(authorization, '192.0.2.1')));
  assert.equal(await recognise(bearerOf(key), '192.0.2.2'), true);
  assert.ok((await flood).every((isGood) => !isGood));
  assert.deepEqual(asked, [101]);
});

test('text without the form of a key is not looked up', async () => {
  const { database, asked } = oneKeyDatabase(generateOperatorKey());
  const recognise = recogniseKeys(database);
  for (const authorization of ['', 'Bearer', 'Bearer x1', 'Basic eDp5', `Bearer chodae_key_${'0'.repeat(39)}`]) {
    assert.equal(await recognise(authorization, '192.0.2.1'), false);
  }
  assert.deepEqual(asked, []);
});

test('an unavailable database does not make a key invalid', async () => {
  const recognise = recogniseKeys({ run: () => Promise.reject(new Error('gone')) });
  await assert.rejects(recognise(bearerOf(generateOperatorKey()), '192.0.2.1'), /gone/);
});
