import { createHmac } from 'node:crypto';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../config/config.ts';

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
  /** Counts one request, whether it is allowed or not. Never rejects: without the store the process counts by itself. */
  take(key: string): Promise<Verdict>;
  /** Takes one count back, of a request that turned out not to be what is limited. */
  giveBack(key: string): Promise<void>;
}

/** What every limiter of rate-limiter-flexible can do, as far as it is used here. */
export interface Counter {
  consume(key: string): Promise<RateLimiterRes>;
  reward(key: string): Promise<RateLimiterRes>;
}

/** @returns what a key is kept as. 128 bits: two keys that meet would only share a count. */
export function keptKey(secret: string, key: string): string {
  return createHmac('sha256', secret).update(key).digest('base64url').slice(0, 22);
}

/**
 * @param secret keys are kept as an HMAC with it, because addresses and session ids are personal data and tables are copied; there are so few
 *   IPv4 addresses that a hash without a secret would tell each of them.
 */
export function limiterOver(counter: Counter, name: string, rate: Rate, secret: string): Limiter {
  return {
    name,
    rate,
    async take(key) {
      try {
        return verdict(true, await counter.consume(keptKey(secret, key)));
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return verdict(false, refusal);
        throw refusal;
      }
    },
    async giveBack(key) {
      await counter.reward(keptKey(secret, key));
    },
  };
}

function verdict(allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Verdict {
  return { allowed, remaining: remainingPoints, milliseconds: Math.max(0, msBeforeNext) };
}
