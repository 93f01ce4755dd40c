import type { FastifyReply } from 'fastify';
import type { Limiter, Verdict } from '../../limits/limiter.ts';
import { Problem } from '../../problems.ts';
import { limitProblems } from './limit-problems.ts';

/** A limit that a request was counted against. */
export interface Counted {
  readonly limiter: Pick<Limiter, 'name' | 'rate'>;
  readonly verdict: Verdict;
}

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10: structured fields (RFC 9651), a list with an item for each limit.
 * `q` requests are allowed in `w` seconds; `r` are left for the next `t` seconds.
 */
function rateLimitFields(counted: readonly Counted[]): Record<string, string> {
  return {
    'ratelimit-policy': counted.map(({ limiter: { name, rate } }) => `"${name}";q=${rate.count};w=${rate.seconds}`).join(', '),
    ratelimit: counted.map(({ limiter, verdict }) => `"${limiter.name}";r=${verdict.remaining};t=${secondsOf(verdict)}`).join(', '),
  };
}

function secondsOf({ milliseconds }: Verdict): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}

/**
 * Tells the client where it stands, in the fields of its answer.
 * @param counted every limit that the request was counted against so far; the newest last.
 * @throws Problem `rate_limited` where the newest allows no more. Then the fields speak of that one alone, so that they and `Retry-After` name
 *   the same moment.
 */
export function showLimits(reply: FastifyReply, counted: readonly Counted[]): void {
  const newest = counted.at(-1);
  if (!newest) return;
  if (newest.verdict.allowed) {
    reply.headers(rateLimitFields(counted));
    return;
  }
  refuseOverLimit(reply, newest);
}

/**
 * Refuses a request for one limit.
 * @throws Problem `rate_limited`.
 */
export function refuseOverLimit(reply: FastifyReply, counted: Counted): never {
  reply.headers(rateLimitFields([counted]));
  const seconds = secondsOf(counted.verdict);
  throw new Problem(limitProblems.rate_limited, { retryAfterSeconds: seconds, values: { seconds } });
}
