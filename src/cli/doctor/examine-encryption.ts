import type { PostgresqlConfig } from '../../config/config.ts';
import { isLocalHost } from '../../config/postgresql-tls.ts';
import { hostsOf } from '../../database/hosts.ts';
import { type Finding, pages } from './finding.ts';

const named = { name: 'encryption', page: pages.encryption };

/** Checks whether personal data can be read, or taken by a false server, on its way to PostgreSQL. */
export function examineEncryption({ runtime, migrations }: Pick<PostgresqlConfig, 'runtime' | 'migrations'>): Finding {
  const servers = [runtime, migrations].flatMap((address) => hostsOf(address).map(({ host }) => ({ host, tls: address.tls })));
  const elsewhere = servers.filter(({ host }) => !isLocalHost(host));
  if (elsewhere.length === 0) return { ...named, verdict: 'ok', message: 'the database is on this machine or in its container network' };
  const exposed = elsewhere.find(({ tls }) => tls === false);
  if (exposed) return warning(exposed.host, 'personal data travels in the clear', 'require or verify-full');
  const unchecked = elsewhere.find(({ tls }) => tls !== false && !tls.verify);
  if (unchecked)
    return warning(unchecked.host, 'the certificate is not checked, so anyone on the path can pose as the server', 'verify-full');
  return { ...named, verdict: 'ok', message: 'TLS, with a check of the certificate and of the name' };
}

function warning(host: string, message: string, mode: string): Finding {
  return { ...named, verdict: 'warning', message: `to ${host}: ${message}`, advice: `Write sslmode=${mode} into its address.` };
}
