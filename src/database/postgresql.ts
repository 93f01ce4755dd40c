import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresqlAddress } from '../config/config.ts';
import { Problem } from '../errors.ts';
import { acceptPlace, answerLimit, borrow, connectLimit, type Lease, type Source, within } from './borrowed-connection.ts';
import { watchConnectionWait } from './connection-wait.ts';
import type { Database, Queryable, RunOptions, Statement, TransactionOptions } from './database.ts';
import { hostsOf, type PlacedClient, placedClient, placesOf } from './places.ts';
import { type AwaitedRow, openShares } from './shares.ts';
import { watchSilence } from './silence.ts';
import { sqlstates } from './sqlstates.ts';
import { asDatabaseError, databaseUnavailable, sqlstate } from './unavailable.ts';

export interface PostgresqlOptions {
  /** Connections at most. */
  readonly poolSize: number;
  /** Gets the errors of connections that nobody is using; they are replaced when needed. */
  readonly onIdleError?: (error: Error) => void;
}

// Limits in milliseconds. The client's own is behind the server's, so that it only ends what the server cannot.
const statementLimit = 2_500;
const lockLimit = 2_000;
const idleInTransactionLimit = 10_000;
const closeLimit = 500;
const workLimit = 1_000; // for statements under way when the pool is closed
const shareLimit = 1_500; // less than for a lock: where that is never given back, whoever waits for a turn is refused before one is free

const conflictRetries = 2;

// A transaction pooler refuses these as start-up parameters; there every transaction sets them for itself.
const serverLimits = {
  statement_timeout: statementLimit,
  lock_timeout: lockLimit,
  idle_in_transaction_session_timeout: idleInTransactionLimit,
};
const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';
const beginWithLimits = [begin, ...Object.entries(serverLimits).map(([name, value]) => `SET LOCAL ${name} = ${value}`)].join('; ');

/**
 * Opens a pool of connections to PostgreSQL; the first is made when the first statement comes.
 * Statements that lost against a concurrent one (deadlock, serialization) are run again up to twice, a transaction's work included.
 * Nothing else is: a statement without an answer may have run.
 */
export function openPostgresql(address: PostgresqlAddress, options: PostgresqlOptions): Database & { readonly pool: pg.Pool } {
  const isDirect = !address.transactionPooler;
  const places = placesOf(address);
  const pool = new pg.Pool({
    ...clientOptions(address),
    Client: placedClient(places),
    onConnect: (client) => acceptPlace(client as PlacedClient, places, address.writableOnly),
    ...(isDirect ? serverLimits : {}),
    max: options.poolSize,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1_800, // so that a name that has moved to another server is followed in the end
  });
  const source: Source = { pool, places, size: options.poolSize, wait: watchConnectionWait(options.poolSize), silence: watchSilence() };
  const connected = new Set<pg.PoolClient>();
  pool.on('error', (error) => options.onIdleError?.(error));
  pool.on('connect', (client) => {
    connected.add(client);
    // A pooler answers for a server that may be silent.
    if (isDirect) source.silence.answered();
    // The pool listens to idle connections only; without a listener the error of a busy one, which its statement reports, ends the process.
    client.on('error', () => {});
  });
  pool.on('remove', (client) => connected.delete(client));
  let closed: Promise<void> | undefined;
  const inShare = openShares(options.poolSize, shareLimit);
  const run = <Row>(
    row: AwaitedRow | undefined,
    wanted: Statement<Row>,
    values?: readonly unknown[],
    options: RunOptions = {},
  ): Promise<Row[]> =>
    insist(isDirect, (named) => {
      const { askedAt = performance.now() } = options;
      const ask = async (lease: Lease): Promise<Row[]> => (await send(lease, queryOf(wanted, values, named))).rows;
      // Behind a pooler nothing else would end it in the server, which would go on waiting for the row when nobody waits for the answer any more.
      const askWithLimits = (lease: Lease) =>
        inTransaction(lease, beginWithLimits, named, (transaction) => transaction.run(wanted, values));
      return inShare(row, () => borrow(source, isDirect || row === undefined ? ask : askWithLimits, { askedAt }));
    });

  return {
    kind: 'postgresql',
    description: `PostgreSQL ${placeOf(address)}${isDirect ? '' : ' through a transaction pooler'}`,
    pool,
    connections: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    run: (statement, values, options) => run(undefined, statement, values, options),
    runWaiting: run,
    transaction: (work, limits) =>
      insist(isDirect, (named) => borrow(source, (lease) => inTransaction(lease, startOf(isDirect, limits), named, work, limits), limits)),
    close: () => (closed ??= closePool(pool, connected)),
  };
}

/** @returns what one connection needs, without any limit for statements; the connection may take 2 s to make. */
export function clientOptions(address: PostgresqlAddress): pg.ClientConfig {
  const { host, port, user, password, database, tls, schema } = address;
  return {
    host,
    port,
    user,
    database,
    password: () => password, // a function, so that an empty one is not looked for in PGPASSWORD and ~/.pgpass
    ssl: tls && {
      rejectUnauthorized: tls.verify,
      ...(tls.certificateAuthorityFile && { ca: readFileSync(tls.certificateAuthorityFile, 'utf8') }),
    },
    application_name: 'chodae',
    connectionTimeoutMillis: connectLimit,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    types: { getTypeParser },
    ...(schema && !address.transactionPooler && { options: `-c search_path=${asOption(pg.escapeIdentifier(schema))}` }),
  };
}

function placeOf(address: PostgresqlAddress): string {
  const hosts = hostsOf(address).map(({ host, port }) => (host.startsWith('/') ? `${host} (port ${port})` : `${host}:${port}`));
  return `${hosts.join(' or ')}, database ${address.database}, as ${address.user}`;
}

/** The server splits `options` at white space unless it is escaped (libpq, "options"). */
function asOption(text: string): string {
  return text.replace(/[\\\s]/g, '\\$&');
}

// By type id: bigint and date as the embedded driver gives them, bigint[] by the parser of integer[].
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  20: Number,
  1016: pg.types.getTypeParser(1007 as never),
  1082: String,
};

const getTypeParser = ((id: number, format?: 'text' | 'binary') =>
  (format !== 'binary' && parsers[id]) || pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser;

/** Runs an attempt, and again where the server has said that it undid it for a reason that is gone the next time. */
async function insist<T>(isDirect: boolean, attempt: (named: boolean) => Promise<T>): Promise<T> {
  let named = isDirect;
  for (let conflicts = 0; ; ) {
    try {
      return await attempt(named);
    } catch (error) {
      if (named && isStaleName(error)) named = false;
      else if (isConflict(error) && conflicts++ < conflictRetries) await sleep(10 + Math.random() * 50 * conflicts);
      else throw asDatabaseError(error);
    }
  }
}

function isConflict(error: unknown): boolean {
  const state = sqlstate(error);
  return state === sqlstates.serializationFailure || state === sqlstates.deadlockDetected;
}

/** The prepared statement of that name no longer fits the tables (DDL since), or is not there: it did not run, and unnamed it will. */
function isStaleName(error: unknown): boolean {
  const state = sqlstate(error);
  if (state === sqlstates.featureNotSupported) return (error as { routine?: string }).routine === 'RevalidateCachedQuery';
  return state === sqlstates.invalidSqlStatementName || state === sqlstates.duplicatePreparedStatement;
}

/** The statement that begins a transaction, with its limits where the connection does not have them already. */
function startOf(isDirect: boolean, { statementMilliseconds }: TransactionOptions = {}): string {
  const start = isDirect ? begin : beginWithLimits;
  return statementMilliseconds === undefined ? start : `${start}; SET LOCAL statement_timeout = ${Math.ceil(statementMilliseconds)}`;
}

async function inTransaction<T>(
  lease: Lease,
  start: string,
  named: boolean,
  work: (transaction: Queryable) => Promise<T>,
  { statementMilliseconds }: TransactionOptions = {},
): Promise<T> {
  let isOver = false;
  const transaction: Queryable = {
    async run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
      if (isOver) throw new Error(`${statement.name} came after the end of its transaction`);
      return (await send(lease, queryOf(statement, values, named))).rows as Row[];
    },
  };
  try {
    await send(lease, { text: start });
    if (statementMilliseconds !== undefined) lease.limit = statementMilliseconds + (answerLimit - statementLimit);
    const result = await work(transaction);
    await commit(lease);
    return result;
  } catch (error) {
    if (!lease.isBroken) await send(lease, { text: 'ROLLBACK' }).catch(() => undefined);
    throw error;
  } finally {
    isOver = true;
  }
}

/** A transaction in which a statement has failed is rolled back by COMMIT, without an error: only the answer's tag tells. */
async function commit(lease: Lease): Promise<void> {
  const { command } = await send(lease, { text: 'COMMIT' });
  if (command === 'COMMIT') return;
  const error = new Error('the transaction was rolled back instead of committed, because a statement in it had failed');
  throw Object.assign(error, { code: sqlstates.inFailedSqlTransaction });
}

interface Query {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  /** The extended protocol also without values: one statement only, as in the embedded database. */
  readonly queryMode?: 'extended';
}

function queryOf({ name, text }: Statement<unknown>, values: readonly unknown[] = [], named: boolean): Query {
  return { ...(named && { name }), text, values: [...values], queryMode: 'extended' };
}

// biome-ignore lint/suspicious/noExplicitAny: the rows have the type that the statement declares.
async function send(lease: Lease, query: Query): Promise<pg.QueryResult<any>> {
  const limit = lease.limit - lease.waited;
  lease.waited = 0;
  // What was announced as long is silent for good reasons.
  if (lease.limit <= answerLimit) lease.silence.asked();
  try {
    const result = await within(limit, lease.client.query(query), query.name ?? query.text);
    lease.silence.answered();
    return result;
  } catch (error) {
    if (sqlstate(error) !== undefined) lease.silence.answered();
    lease.isBroken ||= !leavesConnectionUsable(error);
    const told = asDatabaseError(error);
    throw isFatal(error) && !(told instanceof Problem) ? databaseUnavailable(told) : told;
  }
}

/** Whether the server, or a pooler, said that it ends the connection: whatever the state is, it is not about the statement. */
function isFatal(error: unknown): boolean {
  const { severity } = error as { severity?: unknown };
  return severity === 'FATAL' || severity === 'PANIC';
}

/** Whether the server answered with an error of the statement alone. */
function leavesConnectionUsable(error: unknown): boolean {
  const state = sqlstate(error);
  if (state === undefined || isFatal(error) || isStaleName(error)) return false;
  const ends: readonly string[] = [sqlstates.readOnlySqlTransaction, sqlstates.idleInTransactionSessionTimeout];
  return !ends.includes(state) && !/^(08|57P|XX)/.test(state);
}

/** Ends in good order; a server that does not answer the goodbye is left without it. */
async function closePool(pool: pg.Pool, connected: ReadonlySet<pg.PoolClient>): Promise<void> {
  const ended = pool.end();
  await Promise.race([ended, sleep(workLimit)]);
  // Whoever still works is nobody's any more: the requests are answered or cut.
  if (pool.totalCount > 0) for (const client of connected) client.connection.stream.destroy();
  await ended;
  const until = performance.now() + closeLimit;
  while (connected.size > 0 && performance.now() < until) await sleep(5);
  for (const client of connected) client.connection.stream.destroy();
}
