import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../config/config.ts';

/** Keys that one limiter keeps in memory; with its timer a key takes about 500 bytes. Eight limiters stay below 130,000. */
const mostKeysInMemory = 16_000;

/**
 * The library's counter in memory, with a bound: it forgets the key whose window began first, the next to end anyway. Whoever wants to be
 * forgotten needs 16,000 other addresses for it, which could have made more requests than that one is given again.
 */
export class MemoryCounter extends RateLimiterMemory {
  /** In the order in which their windows began; keys whose window has ended may still be there. */
  readonly #keys = new Set<string>();
  readonly #mostKeys: number;

  constructor(name: string, { count, seconds }: Rate, mostKeys = mostKeysInMemory) {
    super({ keyPrefix: name, points: count, duration: seconds });
    this.#mostKeys = mostKeys;
  }

  override consume(key: string): Promise<RateLimiterRes> {
    this.#makeRoomFor(key);
    return super.consume(key).then(
      (result) => this.#note(key, result),
      (refusal) => Promise.reject(this.#note(key, refusal)),
    );
  }

  #makeRoomFor(key: string): void {
    const [oldest] = this.#keys;
    if (oldest === undefined || this.#keys.has(key) || this.#keys.size < this.#mostKeys) return;
    this.#keys.delete(oldest);
    void this.delete(oldest);
  }

  #note(key: string, result: RateLimiterRes): RateLimiterRes {
    if (result.isFirstInDuration) this.#keys.delete(key);
    this.#keys.add(key);
    return result;
  }
}
