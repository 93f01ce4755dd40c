import type { Logger } from 'pino';
import type { Rate } from '../config/config.ts';
import type { RefusedTry, Try, TryCounter } from './guess-tries.ts';
import type { Limiter, Verdict } from './limiter.ts';

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
 * somebody with a right code is never at its end because of others.
 */
export interface GuessBudget {
  /** To be asked right before a code is looked up. Waits where tries of the same network are under way that may come back. */
  admit(network: string): Promise<Guess>;
  /** Tells how many codes were wrong, as another statement has seen it, so that a process need not look at wrong codes itself. */
  noteWrongCodes(count: number, millisecondsLeft: number): void;
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

  function noteWrongCodes(count: number, millisecondsLeft: number): void {
    const end = Date.now() + millisecondsLeft;
    // Answers overtake each other; a window that ends a second later is the next one.
    const isNext = Date.now() >= windowEnd || end > windowEnd + 1000;
    if (isNext) isTold = false;
    wrongCodes = isNext ? count : Math.max(wrongCodes, count);
    windowEnd = Math.max(end, isNext ? 0 : windowEnd);
    if (wrongCodes < most || isTold) return;
    isTold = true;
    onSpent();
    log.warn({ seconds: Math.ceil(millisecondsLeft / 1000) }, 'too many wrong codes: each network may have a few only');
  }

  function knownWrongCodes(): number {
    return Date.now() < windowEnd ? wrongCodes : 0;
  }

  async function countWrongCode(): Promise<void> {
    const { allowed, remaining, milliseconds } = await budget.take('everybody');
    noteWrongCodes(allowed ? most - remaining : most, milliseconds);
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
