import { randomBytes, scryptSync } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config, LimitsConfig, Rate } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { type GuessBudget, openGuessBudget } from './guess-budget.ts';
import { databaseTries, memoryTries, redisTries, type TryCounter, type TryRate } from './guess-tries.ts';
import { type Counter, keptKey, type Limiter, limiterOver } from './limiter.ts';
import { MemoryCounter } from './memory-counter.ts';
import { openRedis } from './redis.ts';
import { databaseCounter, redisCounter, type Watched } from './shared-counters.ts';
import { restingAfterFailure } from './store-outage.ts';

/**
 * While codes are being guessed from everywhere, a network may have this many wrong ones in the window of the budget: as many as people share an
 * office, because all of them may be at their first try at once. Each right code earns three more, twenty of them at most, so that a school where
 * every third pupil mistypes does not come to an end, and somebody who has a valid code and guesses at others gains 60.
 */
const guardedTries = { count: 30, earned: 3, mostRights: 20 };

export interface Limits extends AsyncDisposable {
  /** Where requests are counted: for the start-up lines. */
  readonly description: string;
  /** Each network, over the steps of signing up. */
  readonly signUp: Limiter;
  /** Each network, codes alone. */
  readonly verify: Limiter;
  /** Each session. */
  readonly session: Limiter;
  /** Passwords that are hashed. */
  readonly hashes: { readonly network: Limiter; readonly session: Limiter };
  readonly guesses: GuessBudget;
  /** Each network, operator keys that were wrong. */
  readonly operatorKeys: Limiter;
}

interface Store extends AsyncDisposable {
  readonly description: string;
  /** Of the HMAC under which keys are kept; the same in every process that shares the store. */
  readonly secret: string;
  counter(name: string, rate: Rate, watched?: Watched): Counter;
  tries(name: string, rate: TryRate): TryCounter;
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
  const limiter = (name: string, rate: Rate, watched?: Watched) =>
    limiterOver(store.counter(name, rate, watched), name, rate, store.secret);
  const budget = limiter('guesses', config.guesses);
  const guarded = {
    name: 'guarded-verify',
    rate: { ...guardedTries, seconds: config.guesses.seconds, count: Math.min(guardedTries.count, config.verify.count) },
  };
  const shared = store.tries(guarded.name, guarded.rate);
  const tries: TryCounter = { take: (network) => shared.take(keptKey(store.secret, network)) };
  const guesses = openGuessBudget({ budget, tries, guarded }, log, onGuessesSpent);
  return {
    description: store.description,
    signUp: limiter('sign-up', config.signUp),
    // Whoever verifies a code hears of the wrong codes of everybody, so that each process knows when the budget is used up.
    verify: limiter('verify', config.verify, {
      name: budget.name,
      key: keptKey(store.secret, 'everybody'),
      onSeen: guesses.noteWrongCodes,
    }),
    session: limiter('session', config.session),
    hashes: { network: limiter('passwords', config.passwords), session: limiter('session-passwords', config.sessionPasswords) },
    guesses,
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
    counter: (name, rate, watched) => databaseCounter(opened, ask, name, rate, watched),
    tries: (name, rate) => databaseTries(opened, ask, name, rate),
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
    counter: (name, rate, watched) => redisCounter(redis, ask, name, rate, watched),
    tries: (name, rate) => redisTries(redis, ask, name, rate),
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
    tries: (_name, rate) => memoryTries(rate),
    async [Symbol.asyncDispose]() {},
  };
}
