import type { Redis } from 'ioredis';
import { RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../config/config.ts';
import type { Queryable } from '../database/database.ts';
import { giveBackPoints, takePoints } from './database-store.ts';
import type { Counter } from './limiter.ts';
import { MemoryCounter } from './memory-counter.ts';
import type { AskStore } from './store-outage.ts';

/** Keys that are refused from memory, without asking the store, before all of them are forgotten; the store then says it again. */
const mostBlockedKeys = 10_000;

/** A count of another limiter that is read whenever this one counts, in the same round trip. */
export interface Watched {
  readonly name: string;
  /** As it is kept. */
  readonly key: string;
  onSeen(points: number, millisecondsLeft: number): void;
}

function sharedOptions(name: string, rate: Rate) {
  return {
    keyPrefix: name,
    points: rate.count,
    duration: rate.seconds,
    // Whoever is over the limit, by what they did at other processes, costs the store nothing more until the window ends.
    inMemoryBlockOnConsumed: rate.count + 1,
  };
}

/** Counts in PostgreSQL: exact over all processes, one statement for each request. */
export function databaseCounter(database: Queryable, ask: AskStore, name: string, rate: Rate, watched?: Watched): Counter {
  const watchedKey = watched ? `${watched.name}:${watched.key}` : null;
  // The library's own statement compares with the clock of whichever process sends it; ours asks the database's, as all expiries here do.
  const client = {
    async query({ name: what, values: [key, points] }: { name: string; values: [string, number] }) {
      if (!what.endsWith(':rlflx-upsert')) throw new Error(`the limiter asks for ${what}, which it was not known to do`);
      if (points < 0) {
        const left = await ask(() => giveBackPoints(database, key, -points));
        return { rows: [{ points: left.points, expire: Date.now() + left.milliseconds }] };
      }
      const taken = await ask(() => takePoints(database, key, points, rate.seconds, watchedKey));
      if (taken.watched_points !== null) watched?.onSeen(taken.watched_points, taken.watched_milliseconds ?? 0);
      return { rows: [{ points: taken.points, expire: Date.now() + taken.milliseconds }] };
    },
  };
  const limiter = new RateLimiterPostgres({
    ...sharedOptions(name, rate),
    storeClient: client,
    storeType: 'client',
    tableName: 'rate_limits',
    tableCreated: true,
    clearExpiredByTimeout: false,
  });
  return behindOwnCount(forgettingBlocks(limiter), new MemoryCounter(name, rate));
}

/** Counts in Redis: exact over all processes, one script for each request. */
export function redisCounter(redis: Redis, ask: AskStore, name: string, rate: Rate, watched?: Watched): Counter {
  const rlflxIncr = (parameters: string[]) => (redis as unknown as RedisWithScript).rlflxIncr(parameters);
  async function countAndLook(parameters: string[]) {
    if (!watched) return rlflxIncr(parameters);
    const place = `chodae:${watched.name}:${watched.key}`;
    // Sent together: one round trip.
    const [taken, points, milliseconds] = await Promise.all([rlflxIncr(parameters), redis.get(place), redis.pttl(place)]);
    if (points !== null && milliseconds > 0) watched.onSeen(Number(points), milliseconds);
    return taken;
  }
  const limiter = new RateLimiterRedis({
    ...sharedOptions(`chodae:${name}`, rate),
    // What the library calls of a client, with our limit of time and our rest around it.
    storeClient: {
      defineCommand: redis.defineCommand.bind(redis),
      rlflxIncr: (parameters: string[]) => ask(() => countAndLook(parameters)),
    },
  });
  return behindOwnCount(forgettingBlocks(limiter), new MemoryCounter(name, rate));
}

interface RedisWithScript {
  /** The library's script, which `defineCommand` made. */
  rlflxIncr(parameters: string[]): Promise<[points: number, milliseconds: number]>;
}

/**
 * Counts in this process first, and asks the store only about what this process alone would allow: of a flood that comes all at once no more
 * than the limit reaches the store. Where the store does not answer the own count decides; it has seen everything that came here, so that an
 * outage gives nobody a new allowance, as the library's `insuranceLimiter` would.
 */
function behindOwnCount(shared: Counter, own: MemoryCounter): Counter {
  return {
    async consume(key) {
      const here = await own.consume(key);
      try {
        const everywhere = await shared.consume(key);
        const { msBeforeNext, consumedPoints } = everywhere;
        return new RateLimiterRes(Math.min(here.remainingPoints, everywhere.remainingPoints), msBeforeNext, consumedPoints);
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) throw refusal;
        return here;
      }
    },
    async reward(key) {
      const here = await own.reward(key);
      return shared.reward(key).catch(() => here);
    },
  };
}

/** The library keeps each blocked key until its window ends, and looks through all of them at every new one. */
function forgettingBlocks(limiter: RateLimiterPostgres | RateLimiterRedis): Counter {
  const blocked = new Set<string>();
  const forget = () => {
    limiter.deleteInMemoryBlockedAll();
    blocked.clear();
  };
  return {
    consume: (key) =>
      limiter.consume(key).catch((refusal) => {
        if (refusal instanceof RateLimiterRes) blocked.add(key);
        if (blocked.size > mostBlockedKeys) forget();
        throw refusal;
      }),
    reward: (key) => {
      // Less than the limit is counted now: the store has to be asked again.
      if (blocked.has(key)) forget();
      return limiter.reward(key);
    },
  };
}
