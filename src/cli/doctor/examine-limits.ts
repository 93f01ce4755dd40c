import type { Config } from '../../config/config.ts';
import { pingRedis } from '../../limits/redis-store.ts';
import { type Finding, pages } from './finding.ts';

/** Looks at where requests are counted. */
export async function examineLimits({ limits, database }: Config): Promise<Finding[]> {
  const named = { name: 'limits', page: pages.limits };
  if (limits === undefined) {
    return [
      {
        ...named,
        verdict: 'warning',
        message: 'RATE_LIMIT is off: clients can guess codes without limit',
        advice: 'Leave it on, unless a gateway in front limits requests.',
      },
    ];
  }
  if (limits.redisUrl !== undefined) return [await redisFinding(limits.redisUrl)];
  const place = database.kind === 'embedded' ? 'in the process' : 'in PostgreSQL';
  return [{ ...named, verdict: 'ok', message: `counted ${place}` }];
}

async function redisFinding(url: string): Promise<Finding> {
  const named = { name: 'limits', page: pages.limits };
  const { host } = new URL(url);
  const reason = await pingRedis(url);
  if (reason === undefined) return { ...named, verdict: 'ok', message: `counted in Redis ${host}` };
  return {
    ...named,
    verdict: 'problem',
    message: `Redis at ${host} cannot be used (${reason}): each process would count by itself`,
    advice: isRefusedPassword(reason)
      ? 'Correct the password in REDIS_URL; an @, # or / in it must be written %40, %23 or %2F.'
      : 'Start Redis there, or correct REDIS_URL.',
  };
}

function isRefusedPassword(reason: string): boolean {
  return ['WRONGPASS', 'NOAUTH', 'NOPERM'].includes(reason);
}
