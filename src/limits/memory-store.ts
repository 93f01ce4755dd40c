import type { Rate } from '../config/config.ts';
import type { RefusedTry, Try, TryCounter, TryRate } from './guess-budget.ts';
import type { Verdict } from './limiter.ts';

/** Keys that one limiter keeps in memory. An address can be forgotten only after 16,000 others came, which cost more than it gains. */
export const mostKeysInMemory = 16_000;

/** Counts in this process. */
export interface MemoryCounter {
  take(key: string): Verdict;
  giveBack(key: string): void;
  /** The keys that are kept, for tests. */
  keys(): readonly string[];
}

interface Window {
  count: number;
  /** Of `performance.now()`: a clock that is set must neither end a window nor prolong it. */
  readonly end: number;
}

export function memoryCounter({ count, seconds }: Rate, mostKeys = mostKeysInMemory): MemoryCounter {
  const windows = new Map<string, Window>();
  return {
    take(key) {
      const window = currentWindow(windows, key, mostKeys, () => ({ count: 0, end: performance.now() + seconds * 1000 }));
      const allowed = window.count < count;
      if (allowed) window.count += 1;
      return { allowed, remaining: count - window.count, milliseconds: window.end - performance.now() };
    },
    giveBack(key) {
      const window = windows.get(key);
      if (window && window.count > 0) window.count -= 1;
    },
    keys: () => [...windows.keys()],
  };
}

/** Counts tries in this process. */
export function memoryTries({ count, seconds, earned, mostRights }: TryRate): TryCounter {
  const windows = new Map<string, { tries: number; rights: number; readonly end: number }>();
  return {
    async take(key): Promise<Try | RefusedTry> {
      const end = performance.now() + seconds * 1000;
      const window = currentWindow(windows, key, mostKeysInMemory, () => ({ tries: 0, rights: 0, end }));
      const milliseconds = window.end - performance.now();
      const most = count + earned * window.rights;
      if (window.tries >= most) return { allowed: false, remaining: 0, milliseconds };
      window.tries += 1;
      return {
        allowed: true,
        remaining: most - window.tries,
        milliseconds,
        async giveBack(isRight) {
          window.tries -= 1;
          if (isRight) window.rights = Math.min(mostRights, window.rights + 1);
        },
      };
    },
  };
}

/** @returns the window of a key, a new one where it has none. At the bound the key whose window began first is forgotten: it is the next to end anyway. */
export function currentWindow<W extends { readonly end: number }>(
  windows: Map<string, W>,
  key: string,
  mostKeys: number,
  begin: () => W,
): W {
  const current = windows.get(key);
  if (current && performance.now() < current.end) return current;
  // A Map keeps the order of insertion: the order in which the windows began.
  windows.delete(key);
  const [oldest] = windows.keys();
  if (oldest !== undefined && windows.size >= mostKeys) windows.delete(oldest);
  const window = begin();
  windows.set(key, window);
  return window;
}
