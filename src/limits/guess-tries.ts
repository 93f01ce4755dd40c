import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Rate } from '../config/config.ts';
import type { Queryable } from '../database/database.ts';
import { settleTry, takeTry } from './database-store.ts';
import type { AskStore } from './store-outage.ts';

/** What a key may try within a window that begins with its first try: `count` wrong ones, and more for right ones. */
export interface TryRate extends Rate {
  /** Further tries for each right one. */
  readonly earned: number;
  /** Right ones that earn something in one window, 31 at most. */
  readonly mostRights: number;
}

/** A try that was taken before anybody knows what it is. */
export interface Try {
  readonly allowed: true;
  /** Tries that are left. */
  readonly remaining: number;
  /** Until the window ends. */
  readonly milliseconds: number;
  /** Of a try that was not wrong; without effect once its window has ended. Never rejects. @param isRight whether it earns further ones. */
  giveBack(isRight: boolean): Promise<void>;
}

/** Nothing was counted. */
export interface RefusedTry {
  readonly allowed: false;
  readonly remaining: 0;
  readonly milliseconds: number;
}

export interface TryCounter {
  /** Never rejects: without the store the process counts by itself. */
  take(key: string): Promise<Try | RefusedTry>;
}

/** Windows in memory; the one that began first is forgotten. */
const mostWindows = 16_000;

/** Counts in this process. */
export function memoryTries({ count, seconds, earned, mostRights }: TryRate): TryCounter {
  const windows = new Map<string, { tries: number; rights: number; readonly end: number }>();
  return {
    async take(key) {
      let window = windows.get(key);
      if (!window || window.end <= Date.now()) {
        windows.delete(key);
        const [oldest] = windows.keys();
        if (oldest !== undefined && windows.size >= mostWindows) windows.delete(oldest);
        window = { tries: 0, rights: 0, end: Date.now() + seconds * 1000 };
        windows.set(key, window);
      }
      const taken = window;
      const milliseconds = taken.end - Date.now();
      const most = count + earned * taken.rights;
      if (taken.tries >= most) return { allowed: false, remaining: 0, milliseconds };
      taken.tries += 1;
      return {
        allowed: true,
        remaining: most - taken.tries,
        milliseconds,
        async giveBack(isRight) {
          taken.tries -= 1;
          if (isRight) taken.rights = Math.min(mostRights, taken.rights + 1);
        },
      };
    },
  };
}

/** Counts in PostgreSQL: exact over all processes, one statement to take and one to give back. */
export function databaseTries(database: Queryable, ask: AskStore, name: string, rate: TryRate): TryCounter {
  return besideOwnCount(rate, async (key) => {
    const row = `${name}:${key}`;
    const { allowed, remaining, milliseconds, window } = await ask(() => takeTry(database, row, rate));
    if (!allowed) return { allowed, remaining: 0, milliseconds };
    const giveBack = (isRight: boolean) => ask(() => settleTry(database, row, window, isRight, rate));
    return { allowed, remaining, milliseconds, giveBack };
  });
}

const takeScript = `
  local tries = tonumber(redis.call('HGET', KEYS[1], 'tries') or '0')
  local rights = tonumber(redis.call('HGET', KEYS[1], 'rights') or '0')
  local most = tonumber(ARGV[1]) + tonumber(ARGV[2]) * rights
  if tries >= most then return {0, 0, redis.call('PTTL', KEYS[1]), ''} end
  if redis.call('HINCRBY', KEYS[1], 'tries', 1) == 1 and redis.call('HSETNX', KEYS[1], 'window', ARGV[4]) == 1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  end
  return {1, most - tries - 1, redis.call('PTTL', KEYS[1]), redis.call('HGET', KEYS[1], 'window')}`;

const giveBackScript = `
  if redis.call('HGET', KEYS[1], 'window') ~= ARGV[1] then return 0 end
  redis.call('HINCRBY', KEYS[1], 'tries', -1)
  local rights = tonumber(redis.call('HGET', KEYS[1], 'rights') or '0')
  if ARGV[2] == '1' and rights < tonumber(ARGV[3]) then redis.call('HINCRBY', KEYS[1], 'rights', 1) end
  return 1`;

interface RedisWithTries {
  chodaeTakeTry(
    key: string,
    count: number,
    earned: number,
    milliseconds: number,
    window: string,
  ): Promise<[number, number, number, string]>;
  chodaeGiveBackTry(key: string, window: string, isRight: 0 | 1, mostRights: number): Promise<number>;
}

/** Counts in Redis: exact over all processes, one script to take and one to give back. */
export function redisTries(redis: Redis, ask: AskStore, name: string, rate: TryRate): TryCounter {
  redis.defineCommand('chodaeTakeTry', { numberOfKeys: 1, lua: takeScript });
  redis.defineCommand('chodaeGiveBackTry', { numberOfKeys: 1, lua: giveBackScript });
  const scripts = redis as unknown as RedisWithTries;
  return besideOwnCount(rate, async (key) => {
    const place = `chodae:${name}:${key}`;
    const { count, earned, seconds, mostRights } = rate;
    const taken = await ask(() => scripts.chodaeTakeTry(place, count, earned, seconds * 1000, randomUUID()));
    const [allowed, remaining, milliseconds, window] = taken;
    if (allowed === 0) return { allowed: false, remaining: 0, milliseconds };
    const giveBack = (isRight: boolean) => ask(() => scripts.chodaeGiveBackTry(place, window, isRight ? 1 : 0, mostRights));
    return { allowed: true, remaining, milliseconds, giveBack };
  });
}

interface SharedTry extends Omit<Try, 'giveBack'> {
  giveBack(isRight: boolean): Promise<unknown>;
}

/**
 * The store decides, because it alone knows what other processes earned and spent. This process counts beside it, and decides where the store does not
 * answer: an outage gives nobody a new allowance.
 */
function besideOwnCount(rate: TryRate, takeShared: (key: string) => Promise<SharedTry | RefusedTry>): TryCounter {
  const own = memoryTries(rate);
  return {
    async take(key) {
      const here = await own.take(key);
      const everywhere = await takeShared(key).catch(() => undefined);
      if (everywhere === undefined) return here;
      if (!everywhere.allowed) {
        if (here.allowed) await here.giveBack(false);
        return everywhere;
      }
      return {
        ...everywhere,
        async giveBack(isRight) {
          if (here.allowed) await here.giveBack(isRight);
          await everywhere.giveBack(isRight).catch(() => undefined);
        },
      };
    },
  };
}
