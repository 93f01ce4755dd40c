import { createHmac } from 'node:crypto';
import type { Rate } from '../config/config.ts';
import type { TryRate } from './guess-budget.ts';
import { currentWindow, memoryCounter, mostKeysInMemory } from './memory-store.ts';

/** What one request may still do. */
export interface Verdict {
  readonly allowed: boolean;
  /** Requests left until the window ends. */
  readonly remaining: number;
  /** Until the window ends, when everything is allowed again. */
  readonly milliseconds: number;
}

/** Counts what each key does within a window that begins with its first request. */
export interface Limiter {
  /** In lower case and hyphens; clients see it in the field `RateLimit-Policy`. */
  readonly name: string;
  readonly rate: Rate;
  /** Counts one request, allowed or not. Never rejects: without the store the process counts in memory. */
  take(key: string): Promise<Verdict>;
  /** Takes one count back, of a request that turned out not to be what is limited. */
  giveBack(key: string): Promise<void>;
  /** Tells that this process has just made the key: the points that are reserved for it are used before the store is asked. */
  reserve(key: string): void;
}

/** How a store counts: `ahead` points at a time while fewer than `plenty` are taken, and one at a time from then on. */
export interface SharedRate extends Rate {
  readonly ahead: number;
  readonly plenty: number;
}

export interface Points {
  /** Of the key in its window, including what was taken now. */
  readonly points: number;
  /** Until the window ends. */
  readonly milliseconds: number;
}

interface TakenPoints extends Points {
  /** Of the watched key; undefined where it has no window. */
  readonly watched?: Points | undefined;
}

/** A try at a code. `window` names the window for `settleTry`. */
type StoredTry =
  | { readonly allowed: true; readonly remaining: number; readonly milliseconds: number; readonly window: string }
  | { readonly allowed: false; readonly milliseconds: number };

/** Where several processes count together. Each method is one round trip, and rejects where the store cannot be asked. */
export interface LimitStore {
  /** @param watched another key, which is only read. */
  take(key: string, rate: SharedRate, watched?: string): Promise<TakenPoints>;
  giveBack(key: string, rate: SharedRate): Promise<void>;
  takeTry(key: string, rate: TryRate): Promise<StoredTry>;
  /** Gives a try back to the window that it was taken in. @param isRight whether it earns further ones. */
  settleTry(key: string, window: string, isRight: boolean, rate: TryRate): Promise<void>;
}

/** @returns what a key is kept as. 128 bits: two keys that collide would only share a count. */
export function keptKey(secret: string, key: string): string {
  return createHmac('sha256', secret).update(key).digest('base64url').slice(0, 22);
}

/**
 * Counts in memory.
 * @param secret keys are kept as an HMAC with it, because addresses and session ids are personal data and tables are copied; there are so few
 *   IPv4 addresses that a hash without a secret would tell each of them.
 */
export function memoryLimiter(name: string, rate: Rate, secret: string, own = memoryCounter(rate)): Limiter {
  return {
    name,
    rate,
    take: async (key) => own.take(keptKey(secret, key)),
    giveBack: async (key) => own.giveBack(keptKey(secret, key)),
    reserve() {},
  };
}

export interface SharedOptions {
  readonly store: LimitStore;
  readonly secret: string;
  /** Points may be taken ahead. */
  readonly mayTakeAhead?: boolean;
  /** Of keys that are made by one process, which says so by `reserve`: a tenth of the limit is its own, and the store gives the rest. */
  readonly hasMaker?: boolean;
  /** A count of another limiter that is read whenever the store is asked, in the same round trip. `key` is as it is kept. */
  readonly watched?: { readonly name: string; readonly key: string; onSeen(points: Points): void };
}

/**
 * Counts over all processes that share a store. This process counts in memory first, so that no more of a flood than the limit reaches the
 * store; where the store cannot be asked its own count decides. That count has seen every request that came here, so an outage gives no
 * new allowance.
 */
export function sharedLimiter(
  name: string,
  rate: Rate,
  { store, secret, mayTakeAhead = true, hasMaker = false, watched }: SharedOptions,
): Limiter {
  const own = memoryCounter(rate);
  // Only for the store: an HMAC costs 4 µs, and most requests ask nothing.
  const storedKey = (key: string) => `${name}:${keptKey(secret, key)}`;
  const reserved = hasMaker ? Math.min(Math.ceil(rate.count / 10), Math.floor(rate.count / 2)) : 0;
  const given = { ...rate, count: rate.count - reserved };
  const shared = pointsAhead(mayTakeAhead ? takenAhead(given) : { ...given, ahead: 1, plenty: 0 }, reserved, {
    async take(key, sharedRate) {
      const taken = await store.take(storedKey(key), sharedRate, watched && `${watched.name}:${watched.key}`);
      if (taken.watched) watched?.onSeen(taken.watched);
      return taken;
    },
    giveBack: (key, sharedRate) => store.giveBack(storedKey(key), sharedRate),
  });
  return {
    name,
    rate,
    async take(key) {
      const here = own.take(key);
      if (!here.allowed) return here;
      try {
        const everywhere = await shared.take(key);
        return { ...everywhere, remaining: Math.min(here.remaining, everywhere.remaining) };
      } catch {
        return here;
      }
    },
    async giveBack(key) {
      own.giveBack(key);
      await shared.giveBack(key).catch(() => undefined);
    },
    reserve: (key) => shared.reserve(key),
  };
}

/**
 * A twentieth of the limit at a time, 8 at most, until half of the limit is taken. Unused points only expire with the window, so a process that
 * gets no more requests of a key keeps up to 7, or a twentieth of the limit, from the others. A process that does get some uses what it
 * holds before it asks again, so that nothing is held by the time the second half of the limit is used up.
 */
export function takenAhead(rate: Rate): SharedRate {
  const ahead = Math.max(1, Math.min(8, Math.floor(rate.count / 20)));
  return { ...rate, ahead, plenty: ahead > 1 ? Math.floor(rate.count / 2 / ahead) * ahead : 0 };
}

/**
 * What the store gave for one take. Up to `plenty` the count grows by `ahead`, and above it by 1, so the count itself says which it was. Counts that
 * are no multiples of `ahead` (after points were given back) may cross `plenty` with a whole batch; then one point is used and the others are lost.
 */
function pointsGiven(points: number, { count, ahead, plenty }: SharedRate): number {
  if (points <= plenty) return ahead;
  return points <= count ? 1 : 0;
}

/** Questions about one key under way. The store answers them one after the other, so more would only occupy its connections. */
const mostAsking = 2;

/** What this process knows of one key in its window. */
interface Holding {
  readonly key: string;
  /** Points that were taken from the store and are not used. */
  held: number;
  /** Points left in the store, when it was asked last. */
  left: number;
  /** The store has none left. */
  isSpent: boolean;
  /** Points that the next answer is expected to give. */
  expected: number;
  /** Requests to the store under way. */
  asking: number;
  readonly waiting: { resolve(verdict: Verdict): void; reject(error: unknown): void }[];
  /** Of `performance.now()`; a guess until the store has answered, and never later than the end in the store from then on. */
  end: number;
  isAnswered: boolean;
}

/** Takes points from the store as they are needed, several ahead where plenty are left. A key without points is refused from memory until its window ends. */
function pointsAhead(rate: SharedRate, reserved: number, store: Pick<LimitStore, 'take' | 'giveBack'>) {
  const holdings = new Map<string, Holding>();
  const untouched = () => ({ held: 0, left: rate.count, isSpent: false, expected: rate.ahead });
  const begin = (key: string): Holding => ({
    key,
    ...untouched(),
    asking: 0,
    waiting: [],
    end: performance.now() + rate.seconds * 1000,
    isAnswered: false,
  });

  function serve(holding: Holding): void {
    while (holding.held > 0 && holding.waiting.length > 0) {
      holding.held -= 1;
      holding.waiting.shift()?.resolve(verdictOf(holding, true));
    }
    if (!holding.isSpent) {
      while (holding.asking < mostAsking && holding.asking * holding.expected < holding.waiting.length) void ask(holding);
    } else if (holding.asking === 0) {
      for (const { resolve } of holding.waiting.splice(0)) resolve(verdictOf(holding, false));
    }
  }

  async function ask(holding: Holding): Promise<void> {
    holding.asking += 1;
    const askedAt = performance.now();
    try {
      const { points, milliseconds } = await store.take(holding.key, rate);
      note(holding, points, askedAt + milliseconds);
    } catch (error) {
      // The answers that are still to come may serve the others.
      for (const { reject } of holding.waiting.splice((holding.asking - 1) * holding.expected)) reject(error);
    }
    holding.asking -= 1;
    serve(holding);
  }

  function note(holding: Holding, points: number, end: number): void {
    if (holding.isAnswered) {
      // Answers overtake each other. The ends of one window differ by the time of a round trip, those of two windows by a window.
      const later = end - holding.end;
      if (later < -rate.seconds * 500) return;
      if (later > rate.seconds * 500) Object.assign(holding, untouched());
    }
    const given = pointsGiven(points, rate);
    holding.held += given;
    holding.left = Math.max(0, Math.min(holding.left, rate.count - points));
    holding.expected = points < rate.plenty ? rate.ahead : 1;
    if (given === 0) holding.isSpent = true;
    holding.end = holding.isAnswered ? Math.max(holding.end, end) : end;
    holding.isAnswered = true;
  }

  return {
    async take(key: string): Promise<Verdict> {
      const holding = currentWindow(holdings, key, mostKeysInMemory, () => begin(key));
      if (holding.held > 0) {
        holding.held -= 1;
        return verdictOf(holding, true);
      }
      if (holding.isSpent) return verdictOf(holding, false);
      return new Promise((resolve, reject) => {
        holding.waiting.push({ resolve, reject });
        serve(holding);
      });
    },
    async giveBack(key: string): Promise<void> {
      const holding = holdings.get(key);
      // One more is held, where several are held anyway.
      if (holding && performance.now() < holding.end) {
        const mostHeld = holding.isAnswered ? (holding.expected > 1 ? rate.ahead : 0) : Math.max(reserved, rate.ahead);
        if (holding.held < mostHeld) {
          holding.held += 1;
          return;
        }
      }
      await store.giveBack(key, rate);
      if (!holding) return;
      holding.isSpent = false;
      holding.left += 1;
    },
    reserve(key: string): void {
      if (reserved > 0) currentWindow(holdings, key, mostKeysInMemory, () => ({ ...begin(key), held: reserved }));
    },
  };
}

function verdictOf({ held, left, end }: Holding, allowed: boolean): Verdict {
  return { allowed, remaining: allowed ? left + held : 0, milliseconds: Math.max(0, end - performance.now()) };
}
