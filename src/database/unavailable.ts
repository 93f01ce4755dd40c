import type { PostgresqlAddress } from '../config/config.ts';
import { Problem, problemCatalogue } from '../errors.ts';
import { sqlstates } from './sqlstates.ts';

export const databaseProblems = problemCatalogue({
  database_unavailable: {
    status: 503,
    retryAfterSeconds: 2,
    title: { ko: '잠시 이용할 수 없습니다', en: 'Temporarily unavailable' },
    detail: {
      ko: '지금은 데이터베이스가 응답하지 않습니다. 잠시 후 같은 요청을 다시 보내 주세요.',
      en: 'The database does not answer right now. Please send the same request again in a moment.',
    },
  },
});

/** @returns the 503 `database_unavailable`; `cause` is for the log only. */
export function databaseUnavailable(cause: unknown): Problem {
  return new Problem(databaseProblems.database_unavailable, { cause });
}

/** Fields that the two drivers, node's sockets and an ORM put on their errors. */
interface DriverError {
  code?: unknown;
  constraint?: unknown;
  message?: unknown;
  syscall?: unknown;
  cause?: unknown;
}

/** The error and what caused it, outermost first; an ORM wraps the driver's error one level deep. */
function* causes(error: unknown): Generator<DriverError> {
  for (let depth = 0; depth < 5 && typeof error === 'object' && error !== null; depth++) {
    yield error as DriverError;
    error = (error as DriverError).cause;
  }
}

// The digit keeps out node's own five-letter EPIPE: every SQLSTATE of PostgreSQL has one.
const sqlstatePattern = /^(?=.*\d)[0-9A-Z]{5}$/;

/** @returns the five characters of the SQLSTATE of an error or of what caused it; undefined where the server said nothing. */
export function sqlstate(error: unknown): string | undefined {
  for (const { code } of causes(error)) if (typeof code === 'string' && sqlstatePattern.test(code)) return code;
  return undefined;
}

/** @returns the name of the constraint that an error or its cause says was violated (SQLSTATE class 23). */
export function violatedConstraint(error: unknown): string | undefined {
  if (!sqlstate(error)?.startsWith('23')) return undefined;
  for (const { constraint } of causes(error)) if (typeof constraint === 'string') return constraint;
  return undefined;
}

/** @returns the name of the unique constraint or index that a statement would have violated (SQLSTATE 23505). */
export function uniqueViolationOf(error: unknown): string | undefined {
  return sqlstate(error) === sqlstates.uniqueViolation ? violatedConstraint(error) : undefined;
}

const unavailableClasses = ['08', '53', '57P'];

const unavailableStates: ReadonlySet<string> = new Set([
  sqlstates.readOnlySqlTransaction, // a primary that became a standby
  sqlstates.idleInTransactionSessionTimeout,
  sqlstates.serializationFailure, // these two only after the driver has tried again
  sqlstates.deadlockDetected,
  sqlstates.lockNotAvailable,
  sqlstates.queryCanceled, // statement_timeout
  sqlstates.ioError,
]);

const unavailableSystemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

// What pg and pg-pool say without any code (pg 8.23).
const unavailableMessage =
  /^Connection terminated|^timeout expired$|^Query read timeout$|^timeout exceeded when trying to connect|is not queryable$|^Cannot use a pool after calling end/;

/**
 * Whether an error means that the database could not be asked, is stopping or took too long; the statement may or may not have run.
 * False for what the statement itself did wrong, and for every `Problem` but `database_unavailable`.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof Problem) return error.kind === databaseProblems.database_unavailable;
  const state = sqlstate(error);
  if (state !== undefined) return unavailableStates.has(state) || unavailableClasses.some((start) => state.startsWith(start));
  for (const { code, syscall, message } of causes(error)) {
    if (typeof code === 'string' && (unavailableSystemCodes.has(code) || syscall === 'connect')) return true;
    if (typeof message === 'string' && unavailableMessage.test(message)) return true;
  }
  return false;
}

/**
 * Makes a driver's error fit to be thrown on: without the values of the statement, and as `database_unavailable` where it is that.
 * Every error that leaves a driver goes through here.
 */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof Problem) return error;
  for (const each of causes(error)) forgetValues(each);
  return isUnavailable(error) ? databaseUnavailable(error) : error;
}

/**
 * Takes personal data out of an error in place: the server quotes rows in `detail` and `where` ("Key (phone)=(…) already exists"),
 * PGlite adds the parameters, and messages of class 22 quote the offending value.
 */
function forgetValues(error: DriverError): void {
  if (sqlstate(error) === undefined) return;
  for (const field of ['detail', 'where', 'internalQuery', 'params']) if (field in error) Reflect.deleteProperty(error, field);
  if (!(error instanceof Error) || !sqlstate(error)?.startsWith('22')) return;
  const { message, stack = '' } = error;
  error.message = message.replace(/".*"/gs, '"…"');
  error.stack = stack.replace(message, () => error.message);
}

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
