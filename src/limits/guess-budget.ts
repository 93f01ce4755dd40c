import type { Logger } from 'pino';
import type { Rate } from '../config/config.ts';
import type { Limiter, LimitStore, Points, Verdict } from './limiter.ts';
import { memoryTries } from './memory-store.ts';

/** What a key may try within a window that begins with its first try: `count` wrong ones, and more for right ones. */
export interface TryRate extends Rate {
  /** Further tries for each right one. */
  readonly earned: number;
  /** Right ones that earn something in one window, 31 at most. */
  readonly mostRights: number;
}

/** A try that is taken before it is known whether the code is right. */
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
  /** Never rejects: without the store the process counts in memory. */
  take(key: string): Promise<Try | RefusedTry>;
}

/** What came of a guess: the code exists and opened a sign-up; it does not exist; or something else, such as a code that is expired or used up. */
export type GuessOutcome = 'right' | 'wrong' | 'neither';

/** A code that may be looked up. */
export interface Guess {
  /** What it was counted against; where that allows no more, the code is not to be looked up. undefined: nothing, because the budget lasts. */
  readonly counted: { readonly limiter: Pick<Limiter, 'name' | 'rate'>; readonly verdict: Verdict } | undefined;
  /** To be called once it is known; the first call counts. */
  settle(outcome: GuessOutcome): Promise<void>;
}

/**
 * Slows guessing that comes from many networks at once, of which each stays below its own limit. Once more codes were wrong than the budget allows,
 * and until its window ends, each network may have a number of wrong codes only. A try is taken before the code is looked up, so that of any
 * number at once no more wrong ones are looked up; whatever is not wrong gives its try back, and a right one earns a few more. The network of
 * a person with a right code is never at its end because of others.
 */
export interface GuessBudget {
  /** To be asked right before a code is looked up. Waits where tries of the same network are under way that may come back. */
  admit(network: string): Promise<Guess>;
  /** Tells how many codes were wrong, as another statement has seen it, so that a process need not look at wrong codes itself. */
  noteWrongCodes(wrongCodes: Points): void;
  /** Whether it is used up, as far as this process knows. */
  isSpent(): boolean;
}

export interface GuessLimiters {
  /** Wrong codes of everybody together. */
  readonly budget: Limiter;
  /** Tries of one network while the budget is used up. */
  readonly tries: TryCounter;
  /** How the tries are called, and how many there are for a network that showed no right code. */
  readonly guarded: { readonly name: string; readonly rate: Rate };
}

/** The requests of one network that wait for a try, in this process. */
interface Line {
  readonly waiting: ((taken: Try | RefusedTry) => void)[];
  /** Tries that were taken here and are not settled. */
  underWay: number;
  isAsking: boolean;
  /** Something was settled since the store was asked last. */
  hasChanged: boolean;
}

/** @param onSpent hears once for each window in which it is used up. */
export function openGuessBudget(
  { budget, tries, guarded }: GuessLimiters,
  log: Pick<Logger, 'warn'>,
  onSpent: () => void = () => {},
): GuessBudget {
  const most = budget.rate.count;
  const lines = new Map<string, Line>();
  /** Codes that are being looked up without a try. */
  let underWay = 0;
  let wrongCodes = 0;
  let windowEnd = 0;
  let isTold = false;

  function noteWrongCodes({ points: count, milliseconds }: Points): void {
    const end = performance.now() + milliseconds;
    // Answers overtake each other; a window that ends a second later is the next one.
    const isNext = performance.now() >= windowEnd || end > windowEnd + 1000;
    if (isNext) isTold = false;
    wrongCodes = isNext ? count : Math.max(wrongCodes, count);
    windowEnd = Math.max(end, isNext ? 0 : windowEnd);
    if (wrongCodes < most || isTold) return;
    isTold = true;
    onSpent();
    log.warn({ seconds: Math.ceil(milliseconds / 1000) }, 'too many wrong codes: each network may have a few only');
  }

  function knownWrongCodes(): number {
    return performance.now() < windowEnd ? wrongCodes : 0;
  }

  async function countWrongCode(): Promise<void> {
    const { allowed, remaining, milliseconds } = await budget.take('everybody');
    noteWrongCodes({ points: allowed ? most - remaining : most, milliseconds });
  }

  function admitFreely(): Guess {
    underWay += 1;
    const settle = once(async (outcome) => {
      if (outcome === 'wrong') await countWrongCode();
      underWay -= 1;
    });
    return { counted: undefined, settle };
  }

  async function admitGuarded(network: string): Promise<Guess> {
    const line = lines.get(network) ?? { waiting: [], underWay: 0, isAsking: false, hasChanged: false };
    lines.set(network, line);
    const taken = await new Promise<Try | RefusedTry>((resolve) => {
      line.waiting.push(resolve);
      void serve(network, line);
    });
    const remaining = Math.min(guarded.rate.count, taken.remaining);
    const counted = { limiter: guarded, verdict: { allowed: taken.allowed, remaining, milliseconds: taken.milliseconds } };
    const settle = once(async (outcome) => {
      if (!taken.allowed) return;
      if (outcome === 'wrong') await countWrongCode();
      else await taken.giveBack(outcome === 'right');
      line.underWay -= 1;
      line.hasChanged = true;
      void serve(network, line);
    });
    return { counted, settle };
  }

  /** Takes tries for those who wait, one after another. Where none is left, but some of this process may come back, the others go on waiting. */
  async function serve(network: string, line: Line): Promise<void> {
    if (line.isAsking) return;
    line.isAsking = true;
    while (line.waiting.length > 0) {
      line.hasChanged = false;
      const taken = await tries.take(network);
      if (taken.allowed) {
        line.underWay += 1;
        line.waiting.shift()?.(taken);
        continue;
      }
      if (line.hasChanged) continue;
      if (line.underWay > 0) break;
      for (const refuse of line.waiting.splice(0)) refuse(taken);
    }
    line.isAsking = false;
    if (line.underWay === 0 && line.waiting.length === 0) lines.delete(network);
  }

  return {
    isSpent: () => knownWrongCodes() >= most,
    noteWrongCodes,
    // Those under way may all be wrong.
    admit: async (network) => (knownWrongCodes() + underWay < most ? admitFreely() : admitGuarded(network)),
  };
}

function once(settle: (outcome: GuessOutcome) => Promise<void>): Guess['settle'] {
  let isSettled = false;
  return async (outcome) => {
    if (isSettled) return;
    isSettled = true;
    await settle(outcome);
  };
}

/**
 * The store decides, because it alone knows what other processes earned and spent. This process counts in memory as well, and its count decides
 * where the store cannot be asked: an outage gives no new allowance.
 */
export function sharedTries(store: Pick<LimitStore, 'takeTry' | 'settleTry'>, name: string, rate: TryRate): TryCounter {
  const own = memoryTries(rate);
  return {
    async take(key) {
      const place = `${name}:${key}`;
      const here = await own.take(key);
      const everywhere = await store.takeTry(place, rate).catch(() => undefined);
      if (everywhere === undefined) return here;
      if (!everywhere.allowed) {
        if (here.allowed) await here.giveBack(false);
        return { ...everywhere, remaining: 0 };
      }
      return {
        ...everywhere,
        async giveBack(isRight) {
          if (here.allowed) await here.giveBack(isRight);
          await store.settleTry(place, everywhere.window, isRight, rate).catch(() => undefined);
        },
      };
    },
  };
}
