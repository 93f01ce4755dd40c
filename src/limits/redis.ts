import { Redis } from 'ioredis';

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
