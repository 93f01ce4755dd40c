import { createHmac, randomBytes, scryptSync } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { remembered } from '../rules/remembered.ts';

/**
 * Makes the function under whose results sign-ups remember the network that they were opened from. There are so few IPv4 addresses that a hash
 * without a secret would tell each of them.
 * @param settings of the database. The secret is its password, which every process has; the embedded database has one process and a secret of its own.
 */
export function openNetworkHash(settings: Config['database']): (network: string) => string {
  // Slow on purpose: with an address and its hash one could otherwise try passwords by the billion.
  const secret = settings.kind === 'embedded' ? randomBytes(32) : scryptSync(settings.runtime.password, 'chodae networks', 32);
  return remembered((network) => createHmac('sha256', secret).update(network).digest('base64url'));
}
