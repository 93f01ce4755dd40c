import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from './read-config.ts';

const verify = (text: string) => readConfig({ RATE_LIMIT_VERIFY: text }).limits?.verify;

test('a limit is a count per duration', () => {
  assert.deepEqual(verify('5/1m'), { count: 5, seconds: 60 });
  assert.deepEqual(verify('1000000/24h'), { count: 1_000_000, seconds: 86_400 });
  assert.deepEqual(verify('1/1s'), { count: 1, seconds: 1 });
  assert.deepEqual(verify('10/2 hours'), { count: 10, seconds: 7_200 });
});

for (const text of ['5', '0/1m', '5/0s', '5/500ms', '5/25h', '1000001/1m', '-1/1m', '5/60', '5 per minute', '5/1m/1m', '1e3/1m', 'off']) {
  test(`RATE_LIMIT_VERIFY=${text} is a mistake at start`, () => {
    assert.throws(
      () => verify(text),
      (error) => error instanceof ConfigError && error.message.includes('write how many (1 to 1000000) in how long (1s to 24h)'),
    );
  });
}

test('RATE_LIMIT=off disables all limits', () => assert.equal(readConfig({ RATE_LIMIT: 'off' }).limits, undefined));

test('REDIS_URL is a Redis address, and no message shows its password', () => {
  assert.equal(
    readConfig({ REDIS_URL: 'rediss://:secret@redis.example:6380/1' }).limits?.redisUrl,
    'rediss://:secret@redis.example:6380/1',
  );
  for (const text of [
    'http://:secret@redis.example',
    'redis.example:6379/secret',
    'redis://',
    'secret',
    'redis://:secret%@redis.example',
    'redis://:secret%ff@redis.example',
  ]) {
    assert.throws(
      () => readConfig({ REDIS_URL: text }),
      (error) => error instanceof ConfigError && error.message.includes('redis://:PASSWORD@HOST:PORT') && !error.message.includes('secret'),
    );
  }
});
