import { randomBytes, scryptSync } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config, LimitsConfig, Rate } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { type GuessBudget, openGuessBudget } from './guess-budget.ts';
import { type Counter, type Limiter, limiterOver } from './limiter.ts';
import { MemoryCounter } from './memory-counter.ts';
import { openRedis } from './redis.ts';
import { databaseCounter, redisCounter } from './shared-counters.ts';
import { restingAfterFailure } from './store-outage.ts';

/** While codes are being guessed from everywhere, a network that showed no right one may try this many in the window of the budget. */
const guardedTries = 10;

export interface Limits extends AsyncDisposable {
  /** Where requests are counted: for the start-up lines. */
  readonly description: string;
  /** Each network, over the steps of signing up. */
  readonly signUp: Limiter;
  /** Each network, codes alone. */
  readonly verify: Limiter;
  /** Each session. */
  readonly session: Limiter;
  readonly guesses: GuessBudget;
  /** Each network, operator keys that were wrong. */
  readonly operatorKeys: Limiter;
}

interface Store extends AsyncDisposable {
  readonly description: string;
  /** Of the HMAC under which keys are kept; the same in every process that shares the store. */
  readonly secret: string;
  counter(name: string, rate: Rate): Counter;
}

/**
 * @param database also its settings; requests are counted there where it is PostgreSQL and there is no Redis.
 * @param onGuessesSpent hears when the budget of wrong codes is used up.
 */
export function openLimits(
  config: LimitsConfig,
  database: { settings: Config['database']; opened: Database },
  log: Logger,
  onGuessesSpent?: () => void,
): Limits {
  const store = openStore(config, database, log);
  const limiter = (name: string, rate: Rate) => limiterOver(store.counter(name, rate), name, rate, store.secret);
  const guarded = { ...config.guesses, count: Math.min(guardedTries, config.verify.count) };
  return {
    description: store.description,
    signUp: limiter('sign-up', config.signUp),
    verify: limiter('verify', config.verify),
    session: limiter('session', config.session),
    guesses: openGuessBudget(
      { budget: limiter('guesses', config.guesses), guarded: limiter('guarded-verify', guarded) },
      log,
      onGuessesSpent,
    ),
    operatorKeys: limiter('operator-keys', config.operatorKeys),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function openStore(
  { redisUrl }: LimitsConfig,
  { settings, opened }: { settings: Config['database']; opened: Database },
  log: Logger,
): Store {
  const databasePassword = settings.kind === 'postgresql' ? settings.runtime.password : '';
  if (redisUrl !== undefined) return redisStore(redisUrl, databasePassword, log);
  if (settings.kind === 'embedded') return memoryStore();
  const ask = restingAfterFailure({ log });
  return {
    description: 'counted in PostgreSQL',
    secret: derived(databasePassword),
    counter: (name, rate) => databaseCounter(opened, ask, name, rate),
    async [Symbol.asyncDispose]() {},
  };
}

/** @param databasePassword which every process has as well: many a Redis asks for none. */
function redisStore(url: string, databasePassword: string, log: Logger): Store {
  const redis = openRedis(url);
  const ask = restingAfterFailure({ log });
  return {
    description: `counted in Redis ${new URL(url).host}`,
    secret: derived(`${decodeURIComponent(new URL(url).password)}\n${databasePassword}`),
    counter: (name, rate) => redisCounter(redis, ask, name, rate),
    async [Symbol.asyncDispose]() {
      redis.disconnect();
    },
  };
}

/** Slow on purpose: whoever knows their own address and sees its HMAC could else try passwords by the billion. */
function derived(password: string): string {
  return scryptSync(password, 'chodae limits', 32).toString('hex');
}

function memoryStore(): Store {
  return {
    description: 'counted in this process',
    secret: randomBytes(32).toString('hex'),
    counter: (name, rate) => new MemoryCounter(name, rate),
    async [Symbol.asyncDispose]() {},
  };
}
