import type { Logger } from 'pino';
import type { Limiter, Verdict } from './limiter.ts';

/** Networks that showed a right code lately; the first to come is the first to be forgotten. */
const mostKnownNetworks = 10_000;
const knownMilliseconds = 3_600_000;

/**
 * Slows guessing that comes from many networks at once, of which each stays below its own limit. While more codes were wrong than the budget
 * allows, a network may try `guarded` codes only, unless one of its codes was right within the last hour and none wrong since. Nobody is locked
 * out: whoever has a right code needs one try.
 */
export interface GuessBudget {
  /** To be asked before a code is looked up. @returns undefined: nothing is amiss, or the network is known. */
  admit(network: string): Promise<{ readonly limiter: Limiter; readonly verdict: Verdict } | undefined>;
  /** A code was wrong. */
  wrong(network: string): Promise<void>;
  /** A code was right. */
  right(network: string): void;
  /** Whether it is used up, as far as this process knows. */
  isSpent(): boolean;
}

export interface GuessLimiters {
  /** Wrong codes of everybody together. */
  readonly budget: Limiter;
  /** Tries of one network while the budget is used up. */
  readonly guarded: Limiter;
}

/** @param onSpent hears once for each window in which it is used up. */
export function openGuessBudget(
  { budget, guarded }: GuessLimiters,
  log: Pick<Logger, 'warn'>,
  onSpent: () => void = () => {},
): GuessBudget {
  const known = new Map<string, number>();
  let guardedUntil = 0;

  function isSpent(): boolean {
    return Date.now() < guardedUntil;
  }

  function isKnown(network: string): boolean {
    return (known.get(network) ?? 0) > Date.now();
  }

  return {
    isSpent,
    async admit(network) {
      if (!isSpent() || isKnown(network)) return undefined;
      return { limiter: guarded, verdict: await guarded.take(network) };
    },
    async wrong(network) {
      known.delete(network);
      // A process learns that the budget is used up from its own wrong codes: one that sees none is not being guessed at.
      const { allowed, milliseconds } = await budget.take('everybody');
      if (allowed) return;
      if (!isSpent()) {
        onSpent();
        log.warn({ seconds: Math.ceil(milliseconds / 1000) }, 'too many wrong codes: networks without a right one may try a few only');
      }
      guardedUntil = Math.max(guardedUntil, Date.now() + milliseconds);
    },
    right(network) {
      const [oldest] = known.keys();
      if (oldest !== undefined && known.size >= mostKnownNetworks) known.delete(oldest);
      known.delete(network);
      known.set(network, Date.now() + knownMilliseconds);
    },
  };
}
