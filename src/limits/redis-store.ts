import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import type { LimitStore } from './limiter.ts';
import { reasonOf, within } from './store-outage.ts';

/**
 * Opens the connection that the limits use. It connects and reconnects on its own; commands wait for the attempt under way and fail with it.
 * @param url `redis://` or `rediss://`.
 */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    connectionName: 'chodae',
    disableClientInfo: true,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
  });
  // Each command reports its own error; without a listener the library writes to stderr, with the address.
  redis.on('error', () => {});
  return redis;
}

const takeScript = `
  local points = tonumber(redis.call('GET', KEYS[1]) or '0')
  points = redis.call('INCRBY', KEYS[1], points < tonumber(ARGV[2]) and ARGV[1] or 1)
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
  local taken = {points, redis.call('PTTL', KEYS[1])}
  if KEYS[2] then
    taken[3] = tonumber(redis.call('GET', KEYS[2]) or '0')
    taken[4] = redis.call('PTTL', KEYS[2])
  end
  return taken`;

const giveBackScript = `
  local points = tonumber(redis.call('GET', KEYS[1]) or '0')
  if points > 0 then redis.call('DECRBY', KEYS[1], points - math.min(points, tonumber(ARGV[1])) + 1) end`;

const takeTryScript = `
  local tries = tonumber(redis.call('HGET', KEYS[1], 'tries') or '0')
  local rights = tonumber(redis.call('HGET', KEYS[1], 'rights') or '0')
  local most = tonumber(ARGV[1]) + tonumber(ARGV[2]) * rights
  if tries >= most then return {0, 0, redis.call('PTTL', KEYS[1]), ''} end
  if redis.call('HINCRBY', KEYS[1], 'tries', 1) == 1 and redis.call('HSETNX', KEYS[1], 'window', ARGV[4]) == 1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
  return {1, most - tries - 1, redis.call('PTTL', KEYS[1]), redis.call('HGET', KEYS[1], 'window')}`;

const settleTryScript = `
  if redis.call('HGET', KEYS[1], 'window') ~= ARGV[1] then return 0 end
  redis.call('HINCRBY', KEYS[1], 'tries', -1)
  local rights = tonumber(redis.call('HGET', KEYS[1], 'rights') or '0')
  if ARGV[2] == '1' and rights < tonumber(ARGV[3]) then redis.call('HINCRBY', KEYS[1], 'rights', 1) end
  return 1`;

type Script<Answer> = (numberOfKeys: number, ...keysAndValues: (string | number)[]) => Promise<Answer>;

/** What `defineCommand` adds to the client. */
interface Scripts {
  chodaeTake: Script<[points: number, milliseconds: number, watchedPoints?: number, watchedMilliseconds?: number]>;
  chodaeGiveBack: Script<void>;
  chodaeTakeTry: Script<[isAllowed: 0 | 1, remaining: number, milliseconds: number, window: string]>;
  chodaeSettleTry: Script<void>;
}

/** Counts in Redis: one script, and one round trip, for each question. Redis ends the windows. */
export function redisStore(redis: Redis): LimitStore {
  redis.defineCommand('chodaeTake', { lua: takeScript });
  redis.defineCommand('chodaeGiveBack', { lua: giveBackScript });
  redis.defineCommand('chodaeTakeTry', { lua: takeTryScript });
  redis.defineCommand('chodaeSettleTry', { lua: settleTryScript });
  const scripts = redis as unknown as Scripts;
  const placeOf = (key: string) => `chodae:${key}`;
  return {
    async take(key, { ahead, plenty, seconds }, watchedKey) {
      const places = watchedKey === undefined ? [placeOf(key)] : [placeOf(key), placeOf(watchedKey)];
      const taken = await scripts.chodaeTake(places.length, ...places, ahead, plenty, seconds * 1000);
      const [points, milliseconds, watchedPoints = 0, watchedMilliseconds = 0] = taken;
      const watched = watchedMilliseconds > 0 ? { points: watchedPoints, milliseconds: watchedMilliseconds } : undefined;
      return { points, milliseconds, watched };
    },
    giveBack: (key, { count }) => scripts.chodaeGiveBack(1, placeOf(key), count),
    async takeTry(key, { count, earned, seconds }) {
      const taken = await scripts.chodaeTakeTry(1, placeOf(key), count, earned, seconds * 1000, randomUUID());
      const [isAllowed, remaining, milliseconds, window] = taken;
      return isAllowed === 1 ? { allowed: true, remaining, milliseconds, window } : { allowed: false, milliseconds };
    },
    settleTry: (key, window, isRight, { mostRights }) => scripts.chodaeSettleTry(1, placeOf(key), window, isRight ? 1 : 0, mostRights),
  };
}

/** Milliseconds. */
const pingLimit = 2_000;

/** Asks Redis once whether it answers. @returns why it cannot be used, such as `ECONNREFUSED` or `WRONGPASS`, without any secret; undefined: it can. */
export async function pingRedis(url: string): Promise<string | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    disableClientInfo: true,
    connectTimeout: pingLimit,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The newest says what the library's own message about closed connections does not.
  let latest: unknown;
  redis.on('error', (error) => {
    latest = error;
  });
  try {
    await within(
      pingLimit,
      redis.connect().then(() => redis.ping()),
    );
    return undefined;
  } catch (error) {
    return (latest === undefined ? undefined : reasonOf(latest)) ?? reasonOf(error) ?? 'no answer';
  } finally {
    redis.disconnect();
  }
}
