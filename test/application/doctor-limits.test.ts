import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyDatabase, testDatabaseKind } from '../support/empty-database.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { runCommand } from '../support/run-command.ts';
import { freePort } from '../support/temporary.ts';

async function examineLimits(settings: Readonly<Record<string, string>>) {
  await using empty = await emptyDatabase();
  const { code, stdout } = await runCommand(['doctor', '--json'], { environment: { ...empty.environment, ...settings } });
  const { findings } = JSON.parse(stdout) as { findings: { name: string; verdict: string; message: string; advice?: string }[] };
  const found = findings.find(({ name }) => name === 'limits') ?? assert.fail(stdout);
  assert.equal(code, found.verdict === 'problem' ? 1 : 0, stdout);
  return found;
}

test('it reports where requests are counted', async () => {
  const place = testDatabaseKind() === 'embedded' ? 'in the process' : 'in PostgreSQL';
  const counted = await examineLimits({ RATE_LIMIT: 'on' });
  assert.deepEqual([counted.verdict, counted.message], ['ok', `counted ${place}`]);
  assert.equal((await examineLimits({ RATE_LIMIT: 'off' })).verdict, 'warning');
});

test('a Redis that answers is ok', { skip: skipWithoutRedis }, async () => {
  await using redis = await startRedis();
  const found = await examineLimits({ RATE_LIMIT: 'on', REDIS_URL: redis.url });
  assert.deepEqual([found.verdict, found.message], ['ok', `counted in Redis ${new URL(redis.url).host}`]);
});

test('a Redis that is down, hangs or refuses the password is reported, without the password', {
  skip: skipWithoutRedis,
}, async () => {
  const nowhere = await examineLimits({ RATE_LIMIT: 'on', REDIS_URL: `redis://:secret@127.0.0.1:${await freePort()}` });
  assert.match(nowhere.message, /^Redis at 127\.0\.0\.1:\d+ cannot be used \(ECONNREFUSED\)/);
  await using redis = await startRedis();
  const refused = await examineLimits({ RATE_LIMIT: 'on', REDIS_URL: redis.url.replace(/:[^:@]+@/, ':secret@') });
  assert.match(refused.message, /cannot be used \(WRONGPASS\)/);
  assert.match(String(refused.advice), /%40/);
  redis.freeze();
  const hanging = await examineLimits({ RATE_LIMIT: 'on', REDIS_URL: redis.url });
  redis.thaw();
  assert.match(hanging.message, /cannot be used \((?:LIMIT_STORE_LATE|ETIMEDOUT)\)/);
  for (const { verdict, message, advice } of [nowhere, refused, hanging]) {
    assert.equal(verdict, 'problem');
    assert.doesNotMatch(`${message} ${advice}`, /secret|p%40ss/);
  }
});
