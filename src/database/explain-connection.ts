import type { PostgresqlAddress } from '../config/config.ts';
import { Problem } from '../problems.ts';
import { causes, isUnavailable, sqlstate } from './database-errors.ts';
import { sqlstates } from './sqlstates.ts';

/**
 * Says in a sentence or two why a connection to `address` failed and what to do, for the start-up and `doctor`.
 * @returns English text that never holds the password; undefined where the error is not about the connection.
 */
export function explainConnectionFailure(error: unknown, address: PostgresqlAddress): string | undefined {
  const reasons = [...causes(error)].filter((each) => !(each instanceof Problem));
  const message = reasons.map((each) => String(each.message ?? '')).find((text) => text !== '') ?? '';
  const code = sqlstate(error) ?? String(reasons.find((each) => typeof each.code === 'string')?.code ?? '');
  const explanation =
    (isSupabase(address) ? explainSupabase(code, message) : undefined) ??
    explainCode(code, address) ??
    explainMessage(code, message, address) ??
    (isUnavailable(error) ? `The connection to ${placeOf(address)} failed: ${message}` : undefined);
  return explanation && withoutPassword(explanation, address.password);
}

function explainCode(code: string, address: PostgresqlAddress): string | undefined {
  const place = placeOf(address);
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing accepts connections at ${place}. Start PostgreSQL there, or correct host and port in DATABASE_URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `There is no address for the host "${address.host}". Correct it in DATABASE_URL. ${percentEncoding}`;
    case sqlstates.invalidPassword:
      return `PostgreSQL at ${place} refuses the password of "${address.user}". Correct it in DATABASE_URL. ${percentEncoding}`;
    case sqlstates.invalidCatalogName:
      return `There is no database "${address.database}" at ${place}. Create it, or correct the name in DATABASE_URL.`;
    case sqlstates.tooManyConnections:
      return `PostgreSQL at ${place} has no connection left. Lower DATABASE_POOL_SIZE, or raise max_connections there.`;
    case sqlstates.readOnlySqlTransaction:
      return `No server of DATABASE_URL takes writes (${place}). Name the primary, or promote a standby.`;
    case sqlstates.cannotConnectNow:
      return `PostgreSQL at ${place} is starting or stopping. Try again in a moment.`;
    default:
      return undefined;
  }
}

function explainMessage(code: string, message: string, address: PostgresqlAddress): string | undefined {
  const place = placeOf(address);
  const authorityFile = address.tls ? address.tls.certificateAuthorityFile : undefined;
  if (authorityFile && message.includes(authorityFile)) return `The file of sslrootcert in DATABASE_URL cannot be read (${message}).`;
  if (code === 'ENOENT' && address.host.startsWith('/')) {
    return `There is no PostgreSQL socket at ${place}. Start PostgreSQL, or correct folder and port in DATABASE_URL.`;
  }
  if (code === sqlstates.invalidAuthorizationSpecification) {
    return `PostgreSQL at ${place} does not let "${address.user}" in (${message}). Check the user, sslmode, and the server's pg_hba.conf.`;
  }
  if (code === sqlstates.protocolViolation && message.includes('startup parameter')) {
    return `${place} is a connection pooler. Add pgbouncer=true to DATABASE_URL, and set DIRECT_URL to the server itself for migrations.`;
  }
  if (message.includes('does not support SSL')) {
    return `${place} does not offer TLS. Switch it on at the server, or write sslmode=disable in DATABASE_URL where the network is trusted.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The TLS certificate of ${place} is made out to another name (${message}). Use that name as the host in DATABASE_URL.`;
  }
  if (certificateCode.test(code)) {
    return `The TLS certificate of ${place} is not accepted (${message}). Name its authority with sslrootcert in DATABASE_URL.`;
  }
  if (message.includes('client password must be')) return `${place} asks for a password for "${address.user}", and DATABASE_URL has none.`;
  if (/timeout|timed out/i.test(message) && isUnavailable(new Error(message)))
    return `${place} does not answer. Check host, port and firewall.`;
  return undefined;
}

const percentEncoding = 'An @, # or / in the password must be written %40, %23 or %2F.';
const certificateCode = /CERT|^UNABLE_TO_|^ERR_SSL|^ERR_TLS|^EPROTO$/;

function placeOf(address: PostgresqlAddress): string {
  return [address, ...(address.otherHosts ?? [])].map(({ host, port }) => `${host}:${port}`).join(' or ');
}

function isSupabase({ host }: PostgresqlAddress): boolean {
  return /\.supabase\.(co|com)$/i.test(host);
}

/** A paused project has no address any more, or its pooler no longer knows it. */
function explainSupabase(code: string, message: string): string | undefined {
  const isUnknown = /tenant.*not found|paused/i.test(message);
  if (!isUnknown && !['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH'].includes(code)) return undefined;
  return (
    'Supabase does not answer for this project. Free projects are paused after 7 days without activity: open ' +
    'https://supabase.com/dashboard, choose the project and press Resume. If it is not paused, check the host and the user in ' +
    'DATABASE_URL; the host db.….supabase.co has IPv6 addresses only, so where there is no IPv6 use the one of the pooler.'
  );
}

function withoutPassword(text: string, password: string): string {
  return password === '' ? text : text.replaceAll(password, '…').replaceAll(encodeURIComponent(password), '…');
}
