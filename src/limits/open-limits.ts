import { randomBytes, scryptSync } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config, LimitsConfig, Rate } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { databaseStore } from './database-store.ts';
import { type GuessBudget, openGuessBudget, sharedTries, type TryCounter } from './guess-budget.ts';
import { keptKey, type Limiter, type LimitStore, memoryLimiter, type SharedOptions, sharedLimiter } from './limiter.ts';
import { memoryTries } from './memory-store.ts';
import { openRedis, redisStore } from './redis-store.ts';
import { restingAfterFailure, withOutages } from './store-outage.ts';

/**
 * While codes are being guessed from everywhere, a network may have this many wrong ones in the window of the budget: as many as people share an
 * office, because all of them may be at their first try at once. Each right code earns three more, twenty of them at most: a school where
 * every third pupil mistypes gets in, and an attacker who has a valid code gains 60.
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

interface Place extends AsyncDisposable {
  readonly description: string;
  /** Of the HMAC under which keys are kept; the same in every process that shares the store. */
  readonly secret: string;
  /** undefined: this process counts alone. */
  readonly store?: LimitStore;
}

/**
 * @param database also its settings; requests are counted there where it is PostgreSQL and there is no Redis.
 * @param onGuessesSpent is called when the budget of wrong codes is used up.
 */
export function openLimits(
  config: LimitsConfig,
  database: { settings: Config['database']; opened: Database },
  log: Logger,
  onGuessesSpent?: () => void,
): Limits {
  const place = openPlace(config, database);
  const { secret } = place;
  const store = place.store && withOutages(place.store, restingAfterFailure({ log }));
  const limiter = (name: string, rate: Rate, options: Pick<SharedOptions, 'mayTakeAhead' | 'hasMaker' | 'watched'> = {}) =>
    store ? sharedLimiter(name, rate, { store, secret, ...options }) : memoryLimiter(name, rate, secret);
  // Its count is what every process is told, so it has to be the number of wrong codes.
  const budget = limiter('guesses', config.guesses, { mayTakeAhead: false });
  const guarded = {
    name: 'guarded-verify',
    rate: { ...guardedTries, seconds: config.guesses.seconds, count: Math.min(guardedTries.count, config.verify.count) },
  };
  const counted = store ? sharedTries(store, guarded.name, guarded.rate) : memoryTries(guarded.rate);
  const tries: TryCounter = { take: (network) => counted.take(keptKey(secret, network)) };
  const guesses = openGuessBudget({ budget, tries, guarded }, log, onGuessesSpent);
  return {
    description: place.description,
    signUp: limiter('sign-up', config.signUp),
    // Reads the count of wrong codes as well, so that each process learns when the budget is used up.
    verify: limiter('verify', config.verify, {
      watched: { name: budget.name, key: keptKey(secret, 'everybody'), onSeen: guesses.noteWrongCodes },
    }),
    session: limiter('session', config.session, { hasMaker: true }),
    hashes: {
      network: limiter('passwords', config.passwords),
      session: limiter('session-passwords', config.sessionPasswords, { hasMaker: true }),
    },
    guesses,
    operatorKeys: limiter('operator-keys', config.operatorKeys),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

/** Redis where it is set, else the database, else this process. */
function openPlace({ redisUrl }: LimitsConfig, { settings, opened }: { settings: Config['database']; opened: Database }): Place {
  const databasePassword = settings.kind === 'postgresql' ? settings.runtime.password : '';
  if (redisUrl !== undefined) {
    const { host, password } = new URL(redisUrl);
    const redis = openRedis(redisUrl);
    return {
      description: `counted in Redis ${host}`,
      // Many a Redis has no password; every process has the database's as well.
      secret: derived(`${decodeURIComponent(password)}\n${databasePassword}`),
      store: redisStore(redis),
      async [Symbol.asyncDispose]() {
        redis.disconnect();
      },
    };
  }
  const nothingToClose = { async [Symbol.asyncDispose]() {} };
  if (settings.kind === 'embedded') {
    return { description: 'counted in this process', secret: randomBytes(32).toString('hex'), ...nothingToClose };
  }
  return { description: 'counted in PostgreSQL', secret: derived(databasePassword), store: databaseStore(opened), ...nothingToClose };
}

/** Slow on purpose: someone who knows their own address and sees its HMAC could otherwise try passwords by the billion. */
function derived(password: string): string {
  return scryptSync(password, 'chodae limits', 32).toString('hex');
}
