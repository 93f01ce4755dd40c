import { Redis } from 'ioredis';
import { reasonOf, within } from './store-outage.ts';

/**
 * Opens the connection that the limits use; it connects by itself, and again after it was lost. Commands wait for a try to connect and fail with it.
 * @param url `redis://` or `rediss://`.
 */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    connectionName: 'chodae',
    disableClientInfo: true,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
  });
  // Who asks it hears of it; without a listener the library writes to stderr by itself, with the address.
  redis.on('error', () => {});
  return redis;
}

/** Milliseconds. */
const pingLimit = 2_000;

/** Asks Redis once whether it answers. @returns why it cannot be used, such as `ECONNREFUSED` or `WRONGPASS`, without any secret; undefined: it can. */
export async function pingRedis(url: string): Promise<string | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    disableClientInfo: true,
    connectTimeout: pingLimit,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The newest says what the library's own message about closed connections does not.
  let latest: unknown;
  redis.on('error', (error) => {
    latest = error;
  });
  try {
    await within(
      pingLimit,
      redis.connect().then(() => redis.ping()),
    );
    return undefined;
  } catch (error) {
    return (latest === undefined ? undefined : reasonOf(latest)) ?? reasonOf(error) ?? 'no answer';
  } finally {
    redis.disconnect();
  }
}
