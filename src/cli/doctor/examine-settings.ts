import type { Config } from '../../config/config.ts';
import { measureHashMilliseconds } from '../../passwords/hasher.ts';
import { type Finding, pages } from './finding.ts';

/** Looks at what the settings mean for this machine. */
export async function examineSettings(config: Config): Promise<Finding[]> {
  return [publicUrlFinding(config), metricsFinding(config), await hashingFinding(config)];
}

function publicUrlFinding({ http: { publicUrl } }: Config): Finding {
  const named = { name: 'links', page: pages.settings };
  if (publicUrl !== undefined) return { ...named, verdict: 'ok', message: `invitations link to ${publicUrl}` };
  return {
    ...named,
    verdict: 'warning',
    message: 'PUBLIC_URL is not set, so invitations have codes and no links',
    advice: 'Set PUBLIC_URL to the address at which people reach the service.',
  };
}

/** Addresses that only this machine or a private network has (RFC 1918, 4193, 6598, link-local). */
const privateHost =
  /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|::1$|f[cd]|fe80:|localhost$)/i;

function metricsFinding({ metrics }: Config): Finding {
  const named = { name: 'metrics', page: pages.metrics };
  if (metrics === undefined) return { ...named, verdict: 'ok', message: 'answered on the service itself only, to operator keys' };
  const place = `${metrics.host}, port ${metrics.port}`;
  if (privateHost.test(metrics.host)) return { ...named, verdict: 'ok', message: `answered without a key on ${place}` };
  return {
    ...named,
    verdict: 'warning',
    message: `answered without a key on ${place}, which may be reached from the internet`,
    advice: 'Set METRICS_HOST to an address of a private network, or keep the port closed in the firewall.',
  };
}

async function hashingFinding({ passwords }: Config): Promise<Finding> {
  const named = { name: 'password hashing', page: pages.hashing };
  const milliseconds = Math.round(await measureHashMilliseconds(passwords.bcryptCost));
  const message = `one hash at cost ${passwords.bcryptCost} takes ${milliseconds} ms on this machine`;
  // OWASP's Password Storage Cheat Sheet: less than a second; we aim at a quarter, so that a launch day is bearable.
  if (milliseconds <= 500) return { ...named, verdict: 'ok', message };
  return { ...named, verdict: 'warning', message, advice: 'Lower BCRYPT_COST (10 at least), or use more cores.' };
}
