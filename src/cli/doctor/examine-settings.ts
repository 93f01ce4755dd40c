import type { Config } from '../../config/config.ts';
import { BrandFileError, readBrandFiles } from '../../pages/brand-files.ts';
import { measureHashMilliseconds } from '../../passwords/hasher.ts';
import { examineHttps } from './examine-https.ts';
import { type Finding, pages } from './finding.ts';
import { isLoopback, isPrivateHost } from './private-host.ts';

/** Looks at what the settings mean for this machine. */
export async function examineSettings(config: Config): Promise<Finding[]> {
  return [
    publicUrlFinding(config),
    ...(await brandFindings(config)),
    await examineHttps(config),
    metricsFinding(config),
    await hashingFinding(config),
  ];
}

function publicUrlFinding({ http: { publicUrl } }: Config): Finding {
  const named = { name: 'links', page: pages.settings };
  if (publicUrl?.startsWith('http:') && !isPrivateHost(new URL(publicUrl).hostname)) {
    return {
      ...named,
      verdict: 'warning',
      message: `invitations link to ${publicUrl}, where anyone on the path can read what people enter`,
      advice: 'Set PUBLIC_URL to an address that begins with https://.',
    };
  }
  if (publicUrl !== undefined) return { ...named, verdict: 'ok', message: `invitations link to ${publicUrl}` };
  return {
    ...named,
    verdict: 'warning',
    message: 'PUBLIC_URL is not set, so invitations have codes and no links',
    advice: 'Set PUBLIC_URL to the address at which people reach the service.',
  };
}

/** Only where files are set: a page without a brand is complete. */
async function brandFindings({ http, page: { brand } }: Config): Promise<Finding[]> {
  if (brand.logoFile === undefined && brand.imageFile === undefined) return [];
  const named = { name: 'brand', page: pages.signUpPage };
  try {
    await readBrandFiles(brand);
  } catch (error) {
    if (!(error instanceof BrandFileError)) throw error;
    return [{ ...named, verdict: 'problem', message: error.message, advice: 'The service does not start with this file.' }];
  }
  if (brand.imageFile === undefined || http.publicUrl !== undefined) return [{ ...named, verdict: 'ok', message: 'its files can be used' }];
  const message = 'BRAND_IMAGE is set and PUBLIC_URL is not, so link previews have no picture';
  return [{ ...named, verdict: 'warning', message, advice: 'Set PUBLIC_URL.' }];
}

function metricsFinding({ metrics }: Config): Finding {
  const named = { name: 'metrics', page: pages.metrics };
  if (metrics === undefined) return { ...named, verdict: 'ok', message: 'answered on the service itself only, to operator keys' };
  const place = `${metrics.host}, port ${metrics.port}`;
  if (isLoopback(metrics.host)) return { ...named, verdict: 'ok', message: `answered without a key on ${place}` };
  return {
    ...named,
    verdict: 'warning',
    message: `answered without a key on ${place}, to everybody who reaches ${isPrivateHost(metrics.host) ? 'it from that network' : 'it, perhaps from the internet'}`,
    advice: 'Let only your scraper reach the port, by the firewall or by a network of its own; or leave METRICS_HOST out.',
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
