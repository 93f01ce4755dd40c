import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresqlAddress } from '../config/config.ts';
import { type Deadline, millisecondsLeft, startDeadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import {
  closingLimits,
  connectLimit,
  idleInTransactionLimit,
  leastForAnswer,
  leastForServer,
  requestLimit,
  rowTurnLimit,
  serverSlack,
  shortWait,
} from '../time-limits.ts';
import { type Database, type Queryable, type Statement, statement, until } from './database.ts';
import { asDatabaseError, databaseUnavailable, sqlstate } from './database-errors.ts';
import { type Hosts, hostsOf, openHosts } from './hosts.ts';
import { openRowQueue } from './row-queue.ts';
import { searchPathOf } from './search-path.ts';
import { sqlstates } from './sqlstates.ts';

export interface PostgresqlOptions {
  /** Connections at most. */
  readonly poolSize: number;
}

const conflictRetries = 2;

/**
 * Opens a pool of connections to PostgreSQL; the first is made when the first statement comes.
 * Statements that lost against a concurrent one (deadlock, serialization) are run again up to twice, a transaction's work included.
 * Nothing else is: a statement without an answer may have run.
 */
export function openPostgresql(address: PostgresqlAddress, { poolSize }: PostgresqlOptions): Database & { readonly pool: pg.Pool } {
  const isDirect = !address.transactionPooler;
  const hosts = openHosts(address);
  const client = clientOptions(address);
  const pool = new pg.Pool({
    ...client,
    Client: hosts.Client,
    onConnect: (client) => hosts.accept(client as InstanceType<Hosts['Client']>),
    // A transaction pooler refuses these as start-up parameters; there every transaction sets them for itself.
    ...(isDirect && { ...serverLimits(requestLimit), options: `${planning} ${client.options ?? ''}` }),
    max: poolSize,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: 1_800, // so that a name that has moved to another server is followed in the end
  });
  const connected = new Set<pg.PoolClient>();
  // Errors of idle connections; they are replaced when needed.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    connected.add(client);
    // The pool listens to idle connections only; without a listener the error of a busy one, which its statement reports, ends the process.
    client.on('error', () => {});
  });
  pool.on('remove', (client) => connected.delete(client));
  const withConnection = openCheckout(pool, hosts, poolSize, isDirect);
  const inRowQueue = openRowQueue(poolSize);
  let closed: Promise<void> | undefined;

  const run: Database['run'] = (wanted, values, deadline) =>
    retry(isDirect, (named) =>
      withConnection(deadline, async (connection) => (await send(connection, queryOf(wanted, values, named), deadline)).rows),
    );

  const elsewhere = () => until(startDeadline(requestLimit), { run });
  const transaction: Database['transaction'] = (work, deadline) => {
    const whole = (begun: Queryable) =>
      deadline.limit.endsWithClient ? untilClientLeaves(deadline.gone, begun, elsewhere, work) : work(begun);
    return retry(isDirect, (named) =>
      withConnection(deadline, (connection) => inTransaction(connection, startOf(isDirect, deadline), named, whole, deadline)),
    );
  };

  return {
    kind: 'postgresql',
    description: `PostgreSQL ${hostNames(address)}${isDirect ? '' : ' through a transaction pooler'}`,
    pool,
    connections: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    run,
    runQueued: (rowKey, wanted, values, deadline) =>
      retry(isDirect, (named) =>
        inRowQueue(rowKey, Math.min(rowTurnLimit, millisecondsLeft(deadline)), () =>
          withConnection(deadline, async (connection) => {
            // The connection's own limits end the wait in time.
            if (isDirect && millisecondsLeft(deadline) > requestLimit.total - shortWait) {
              return (await send(connection, queryOf(wanted, values, named), deadline)).rows;
            }
            return runInTimeLeft(connection, named, wanted, values, deadline);
          }),
        ),
      ),
    transaction,
    close: () => (closed ??= closePool(pool, connected)),
  };
}

/** @returns what one connection needs, without any limit for statements. */
export function clientOptions(address: PostgresqlAddress): pg.ClientConfig {
  const { host, port, user, password, database, tls, schema } = address;
  return {
    host,
    port,
    user,
    database,
    password: () => password, // a function, so that pg does not replace an empty one by PGPASSWORD or ~/.pgpass
    ssl: tls && {
      rejectUnauthorized: tls.verify,
      ...(tls.certificateAuthorityFile && { ca: readFileSync(tls.certificateAuthorityFile, 'utf8') }),
    },
    application_name: 'chodae',
    connectionTimeoutMillis: connectLimit,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
    types: { getTypeParser },
    ...(schema && !address.transactionPooler && { options: `-c search_path=${asOption(searchPathOf(schema))}` }),
  };
}

/**
 * A prepared statement keeps its plan. One made while a table was nearly empty, as after a quiet night, would read the whole table until the next
 * ANALYZE, which comes up to a minute after a rush begins: a verification took 2.3 ms instead of 0.2 ms with 8,000 sign-ups under way. `jit`,
 * because PostgreSQL would compile each plan that has no index to use: it counts those as extremely expensive.
 */
const planning = '-c enable_seqscan=off -c jit=off';

function hostNames(address: PostgresqlAddress): string {
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
  1016: numbersIn,
  1082: String,
};

/** @param text an array without nesting, such as `{1,2,NULL}`. */
function numbersIn(text: string): (number | null)[] {
  const items = text.slice(1, -1);
  return items === '' ? [] : items.split(',').map((item) => (item === 'NULL' ? null : Number(item)));
}

const getTypeParser = ((id: number, format?: 'text' | 'binary') =>
  (format !== 'binary' && parsers[id]) || pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser;

/** Makes an attempt, and another one where the server has undone the first for a reason that is gone the next time. */
async function retry<T>(isDirect: boolean, attempt: (named: boolean) => Promise<T>): Promise<T> {
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

/** A connection while some work uses it. */
interface Connection {
  readonly client: pg.PoolClient;
  /** Its state is unknown, or it is of no more use: it is closed. */
  isBroken: boolean;
  /** A statement that was given up, and how long its answer may still come. */
  late: { readonly answer: Promise<unknown>; readonly until: number } | undefined;
}

type WithConnection = <T>(deadline: Deadline, work: (connection: Connection) => Promise<T>) => Promise<T>;

/**
 * @returns what takes a connection from the pool for some work. It throws Problem `database_unavailable` at once where the queue ahead does not fit
 * in the time that is left: most of a crowd would otherwise wait for nothing.
 */
function openCheckout(pool: pg.Pool, hosts: Hosts, size: number, isDirect: boolean): WithConnection {
  /** Milliseconds for which a connection is taken, on average; work with a longer limit than a request does not count. */
  let averageHold = 0;
  /** The holds that count, the oldest first. */
  const holds = new Set<{ readonly since: number }>();

  /** In a stall no hold ends, and the average does not learn of it: every hold takes at least as long as the youngest one has. A single slow one does not count. */
  function expectedHold(): number {
    const youngest = [...holds].at(-1);
    return Math.max(averageHold, youngest ? performance.now() - youngest.since : 0);
  }

  function giveBack({ client, late, isBroken }: Connection): void {
    if (late && isDirect && !isBroken) {
      // The server's own limit ends the statement soon, and a new connection would cost a slow server more. Behind a pooler it has no such limit.
      answerWithin(late.until - performance.now(), late.answer, 'a late answer').then(
        () => client.release(),
        (error) => client.release(!leavesConnectionUsable(error)),
      );
    } else {
      client.release(isBroken || late !== undefined);
    }
  }

  return async (deadline, work) => {
    const left = Math.min(connectLimit, millisecondsLeft(deadline) - leastForAnswer);
    if (left <= 0) throw outOfTime();
    const free = pool.idleCount + size - pool.totalCount;
    const ahead = Math.max(0, pool.waitingCount + 1 - free);
    if ((ahead * expectedHold()) / size > left) {
      throw databaseUnavailable(new Error(`${ahead - 1} statements wait for a connection, and another one would wait too long`));
    }
    const client = await connect(pool, hosts, left);
    const hold = { since: performance.now() };
    const counts = deadline.limit.total <= requestLimit.total;
    if (counts) holds.add(hold);
    const connection: Connection = { client, isBroken: false, late: undefined };
    try {
      return await work(connection);
    } finally {
      holds.delete(hold);
      if (counts) averageHold += 0.2 * (performance.now() - hold.since - averageHold);
      giveBack(connection);
    }
  };
}

/** Tries the next host where one cannot be reached or takes no writes, each once and as long as there is time. */
async function connect(pool: pg.Pool, hosts: Hosts, milliseconds: number): Promise<pg.PoolClient> {
  const until = performance.now() + milliseconds;
  for (let tries = 1; ; ) {
    const isIdle = pool.idleCount > pool.waitingCount;
    const connecting = pool.connect();
    try {
      const client = await (isIdle ? connecting : answerWithin(until - performance.now(), connecting, 'a connection'));
      if (hosts.isCurrent(client)) return client;
      client.release(true);
    } catch (error) {
      // It may still come.
      if (error instanceof Problem) connecting.then((late) => late.release()).catch(() => undefined);
      if (++tries > hosts.count || performance.now() > until) throw databaseUnavailable(error);
    }
  }
}

/** pg has such a limit too (`query_timeout`), but leaves the connection waiting for the late answer. */
async function answerWithin<T>(milliseconds: number, answer: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = () => reject(databaseUnavailable(new Error(`timed out after ${Math.round(milliseconds)} ms waiting for ${what}`)));
    // One more look at the sockets first: if this process itself was held up, the answer is there already.
    timer = setTimeout(() => setImmediate(refuse), Math.max(1, milliseconds));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function outOfTime(): Problem {
  return databaseUnavailable(new Error('no time is left for an answer'));
}

interface Query {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  /** The extended protocol also without values: one statement only, as in the embedded database. */
  readonly queryMode?: 'extended';
}

/** @param named prepared once a connection. */
function queryOf({ name, text }: Statement<unknown>, values: readonly unknown[] = [], named: boolean): Query {
  return { ...(named && { name }), text, values: [...values], queryMode: 'extended' };
}

/** Sends a statement and waits for its answer until the deadline. @throws Problem `database_unavailable`, or the driver's error. */
// biome-ignore lint/suspicious/noExplicitAny: the rows have the type that the statement declares.
async function send(connection: Connection, query: Query, deadline: Deadline): Promise<pg.QueryResult<any>> {
  const longest = deadline.limit.statement + serverSlack;
  const milliseconds = Math.min(longest, millisecondsLeft(deadline));
  if (milliseconds < leastForAnswer) throw outOfTime();
  const until = performance.now() + longest;
  const answer = connection.client.query(query);
  try {
    return await answerWithin(milliseconds, answer, query.name ?? query.text);
  } catch (error) {
    if (error instanceof Problem) connection.late = { answer, until };
    else connection.isBroken ||= !leavesConnectionUsable(error);
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

const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/** @returns the server's settings for a connection or a transaction. */
function serverLimits({ statement, lock }: { readonly statement: number; readonly lock: number }) {
  return { statement_timeout: statement, lock_timeout: lock, idle_in_transaction_session_timeout: idleInTransactionLimit };
}

function setLimits(limits: { readonly statement: number; readonly lock: number }): string {
  return Object.entries(serverLimits(limits))
    .map(([name, milliseconds]) => `SET LOCAL ${name} = ${Math.ceil(milliseconds)}`)
    .join('; ');
}

/** The statement that begins a transaction, with its limits where the connection does not have them already. Long work may read whole tables. */
function startOf(isDirect: boolean, { limit }: Deadline): string {
  const hasThem = isDirect && limit.statement === requestLimit.statement && limit.lock === requestLimit.lock;
  return hasThem ? begin : `${begin}; ${setLimits(limit)}; SET LOCAL enable_seqscan = on`;
}

/**
 * Runs one statement that may have to wait for a row, in a transaction whose limits end it on the server before the deadline. A client that is gone
 * does not end such a wait: when the lock goes, the statement would open a session that no client knows of.
 */
function runInTimeLeft<Row>(
  connection: Connection,
  named: boolean,
  wanted: Statement<Row>,
  values: readonly unknown[],
  deadline: Deadline,
): Promise<Row[]> {
  const serverTime = () => Math.max(leastForServer, Math.min(requestLimit.statement, millisecondsLeft(deadline) - serverSlack));
  const limits = () => setLimits({ statement: serverTime(), lock: Math.min(requestLimit.lock, serverTime()) });
  const granted = serverTime();
  const work = async (transaction: Queryable) => {
    // BEGIN was slow.
    if (serverTime() < granted - leastForAnswer) await send(connection, { text: limits() }, deadline);
    return transaction.run(wanted, values);
  };
  return inTransaction(connection, `${begin}; ${limits()}`, named, work, deadline);
}

async function inTransaction<T>(
  connection: Connection,
  start: string,
  named: boolean,
  work: (transaction: Queryable) => Promise<T>,
  deadline: Deadline,
): Promise<T> {
  let isOver = false;
  const transaction: Queryable = {
    async run<Row>(wanted: Statement<Row>, values?: readonly unknown[]): Promise<Row[]> {
      if (isOver) throw new Error(`${wanted.name} came after the end of its transaction`);
      return (await send(connection, queryOf(wanted, values, named), deadline)).rows as Row[];
    },
  };
  const rollBack = () => send(connection, { text: 'ROLLBACK' }, deadline);
  try {
    await send(connection, { text: start }, deadline);
    const result = await work(transaction);
    await commit(connection, deadline);
    return result;
  } catch (error) {
    // Where no answer came, or no time is left, the server rolls back because the connection ends.
    if (connection.late) connection.isBroken = true;
    if (!connection.isBroken) {
      await rollBack().catch(() => {
        connection.isBroken = true;
      });
    }
    throw error;
  } finally {
    isOver = true;
  }
}

/** A transaction in which a statement has failed is rolled back by COMMIT, without an error: only the answer's tag tells. */
async function commit(connection: Connection, deadline: Deadline): Promise<void> {
  const { command } = await send(connection, { text: 'COMMIT' }, deadline);
  if (command === 'COMMIT') return;
  const error = new Error('the transaction was rolled back instead of committed, because a statement in it had failed');
  throw Object.assign(error, { code: sqlstates.inFailedSqlTransaction });
}

/** The server process of a transaction, and when the transaction began. */
const backendStatement = statement<{ pid: number; begun: string }>(
  'transaction_backend',
  'SELECT pg_catalog.pg_backend_pid() AS pid, extract(epoch FROM now())::text AS begun',
);

/**
 * Only while the process is in that very transaction: behind a pooler it may serve another client by now, or be a process of another server.
 * `pg_cancel_backend` and not the protocol's CancelRequest, which the driver (pg 8.23) cannot send over TLS.
 */
const cancelStatement = statement(
  'transaction_cancel',
  `SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
   WHERE pid = $1::integer AND extract(epoch FROM xact_start)::text = $2::text`,
);

const betweenCancellations = 250;

/**
 * Does the work of a transaction until the client leaves, then cancels its statements on the server, which would run on without a reader.
 * @param elsewhere another connection, for one statement with a deadline of its own.
 * @throws the signal's reason.
 */
async function untilClientLeaves<T>(
  gone: AbortSignal,
  transaction: Queryable,
  elsewhere: () => Queryable,
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  gone.throwIfAborted();
  const [backend] = await transaction.run(backendStatement);
  gone.throwIfAborted();
  let isOver = false;
  let asked: Promise<unknown> = Promise.resolve();

  /** Again and again: the statement may not have arrived yet, another one may follow it, or no connection was free to cancel it. */
  async function cancel(): Promise<void> {
    while (!isOver) {
      asked = elsewhere()
        .run(cancelStatement, [backend?.pid, backend?.begun])
        .catch(() => undefined);
      await asked;
      await sleep(betweenCancellations, undefined, { ref: false });
    }
  }

  gone.addEventListener('abort', cancel);
  try {
    return await work(transaction);
  } catch (error) {
    throw gone.aborted ? gone.reason : error;
  } finally {
    isOver = true;
    gone.removeEventListener('abort', cancel);
    // Or it would cancel the next statement on this connection.
    await asked;
  }
}

/** Ends in good order; a server that does not answer the goodbye is left without it. */
async function closePool(pool: pg.Pool, connected: ReadonlySet<pg.PoolClient>): Promise<void> {
  const ended = pool.end();
  await Promise.race([ended, sleep(closingLimits.work, undefined, { ref: false })]);
  // Statements that are still under way have no reader: the requests are answered or cut.
  if (pool.totalCount > 0) for (const client of connected) client.connection.stream.destroy();
  await ended;
  const until = performance.now() + closingLimits.goodbye;
  while (connected.size > 0 && performance.now() < until) await sleep(5);
  for (const client of connected) client.connection.stream.destroy();
}
