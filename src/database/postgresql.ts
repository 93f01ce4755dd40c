import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresqlAddress } from '../config/config.ts';
import { acceptPlace, borrow, connectLimit, type Lease, type Source } from './borrowed-connection.ts';
import { untilAborted } from './cancellation.ts';
import { watchConnectionWait } from './connection-wait.ts';
import type { Database, RunOptions, Statement } from './database.ts';
import { hostsOf, type PlacedClient, placedClient, placesOf } from './places.ts';
import { hasItsTime, inTransaction, runInTimeLeft, serverLimits, startOf } from './pooled-transaction.ts';
import { searchPathOf } from './search-path.ts';
import { isStaleName, queryOf, send } from './sent-statement.ts';
import { type AwaitedRow, openShares } from './shares.ts';
import { watchSilence } from './silence.ts';
import { sqlstates } from './sqlstates.ts';
import { asDatabaseError, sqlstate } from './unavailable.ts';

export interface PostgresqlOptions {
  /** Connections at most. */
  readonly poolSize: number;
}

// Limits in milliseconds.
const closeLimit = 500;
const workLimit = 1_000; // for statements under way when the pool is closed
const shareLimit = 1_500; // less than for a lock: where that is never given back, whoever waits for a turn is refused before one is free

const conflictRetries = 2;

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
  const size = options.poolSize;
  const source: Source = { pool, places, size, isDirect, wait: watchConnectionWait(size), silence: watchSilence() };
  const connected = new Set<pg.PoolClient>();
  // Of connections that nobody is using; they are replaced when needed.
  pool.on('error', () => {});
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
      const ask = async (lease: Lease): Promise<Row[]> => {
        // The connection's own limits end a wait for the row soon enough; where they do not, the server would wait on for nobody.
        if (row === undefined || (isDirect && hasItsTime(lease))) return (await send(lease, queryOf(wanted, values, named))).rows;
        return runInTimeLeft(lease, named, wanted, values);
      };
      return inShare(row, () => borrow(source, ask, { askedAt }));
    });

  const transaction: Database['transaction'] = (work, limits) =>
    insist(isDirect, (named) => borrow(source, (lease) => inTransaction(lease, startOf(isDirect, limits), named, work, limits), limits));
  const elsewhere: Database['run'] = (statement, values, options) => run(undefined, statement, values, options);

  return {
    kind: 'postgresql',
    description: `PostgreSQL ${placeOf(address)}${isDirect ? '' : ' through a transaction pooler'}`,
    pool,
    connections: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    run: elsewhere,
    runWaiting: run,
    transaction(work, limits = {}) {
      const { signal } = limits;
      return transaction(signal ? (begun) => untilAborted(signal, begun, elsewhere, work) : work, limits);
    },
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
    ...(schema && !address.transactionPooler && { options: `-c search_path=${asOption(searchPathOf(schema))}` }),
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

/** Ends in good order; a server that does not answer the goodbye is left without it. */
async function closePool(pool: pg.Pool, connected: ReadonlySet<pg.PoolClient>): Promise<void> {
  const ended = pool.end();
  await Promise.race([ended, sleep(workLimit, undefined, { ref: false })]);
  // Whoever still works is nobody's any more: the requests are answered or cut.
  if (pool.totalCount > 0) for (const client of connected) client.connection.stream.destroy();
  await ended;
  const until = performance.now() + closeLimit;
  while (connected.size > 0 && performance.now() < until) await sleep(5);
  for (const client of connected) client.connection.stream.destroy();
}
