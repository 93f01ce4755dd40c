import { Problem, problemCatalogue } from '../problems.ts';
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
export function* causes(error: unknown): Generator<DriverError> {
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
