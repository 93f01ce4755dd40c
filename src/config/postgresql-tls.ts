import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { PostgresqlAddress } from './config.ts';

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const acceptances = ['strict', 'accept_invalid_certs'];

/**
 * @returns whether a connection to the host stays on this machine or in its container network: a socket, a loopback address, or a name
 *   with a single label, which only such a network resolves (the service names of Compose).
 */
export function isLocalHost(host: string): boolean {
  if (host.startsWith('/')) return true;
  if (isIP(host) !== 0) return host.startsWith('127.') || host === '::1';
  return !host.includes('.') || host.toLowerCase().endsWith('.localhost');
}

/** @returns messages (without the name of the setting) for invalid values of `sslmode` and `sslaccept`. */
export function tlsMistakes(parameters: ReadonlyMap<string, string>): string[] {
  const mistakes: string[] = [];
  const mode = parameters.get('sslmode');
  if (mode !== undefined && !modes.includes(mode)) mistakes.push(`sslmode must be one of ${modes.join(', ')}`);
  const acceptance = parameters.get('sslaccept');
  if (acceptance !== undefined && !acceptances.includes(acceptance)) mistakes.push(`sslaccept must be ${acceptances.join(' or ')}`);
  return mistakes;
}

/**
 * Decides on TLS like libpq (PostgreSQL manual, "SSL Support"), with two differences because of the driver:
 * it cannot fall back to plain text, so `prefer`, `allow` or no `sslmode` mean plain text on a local host and unverified TLS elsewhere;
 * and it always compares the host name when it verifies a certificate, so `verify-ca` is as strict as `verify-full`.
 * As in libpq, `sslrootcert` makes `require` verify; as in Prisma, `sslaccept=strict` verifies.
 */
export function tlsOf(parameters: ReadonlyMap<string, string>, host: string): PostgresqlAddress['tls'] {
  const mode = parameters.get('sslmode') ?? 'prefer';
  const authorityFile = parameters.get('sslrootcert');
  if (mode === 'disable' || host.startsWith('/')) return false;
  const strict = parameters.get('sslaccept') === 'strict';
  const optional = mode === 'allow' || mode === 'prefer';
  if (optional && !strict) return isLocalHost(host) ? false : { verify: false };
  const verify = strict || mode.startsWith('verify-') || Boolean(authorityFile);
  return verify ? checked(authorityFile) : { verify: false };
}

/** `sslrootcert=system` is libpq's word for the machine's trusted authorities. */
function checked(authorityFile: string | undefined): PostgresqlAddress['tls'] {
  if (!authorityFile || authorityFile === 'system') return { verify: true };
  return { verify: true, certificateAuthorityFile: resolve(authorityFile) };
}
