import type pg from 'pg';
import type { ConnectionWait } from './connection-wait.ts';
import type { RunOptions, TransactionOptions } from './database.ts';
import { demandWritable, type PlacedClient, type Places } from './places.ts';
import type { Silence } from './silence.ts';
import { databaseUnavailable, sqlstate } from './unavailable.ts';

// Limits in milliseconds.
export const connectLimit = 2_000; // also for waiting for a free connection
export const answerLimit = 2_800; // from asking for a connection to the answer of its first statement; for each later one anew
/** What is left of it in any case: where the server has been silent before, since 2.8 s of silence are enough for a request that asks several times; and where whoever asks has waited for something else. */
const leastAfter = { silence: 500, otherWaits: 1_000 };
/** Nothing is sent where less is left: it would be done and nobody told. */
export const leastForAnswer = 100;

/** The pool, and what is known of the wait for its connections. */
export interface Source {
  readonly pool: pg.Pool;
  readonly places: Places;
  /** Connections at most. */
  readonly size: number;
  /** No pooler stands between. */
  readonly isDirect: boolean;
  readonly wait: ConnectionWait;
  readonly silence: Silence;
}

/** A connection while somebody uses it. */
export interface Lease {
  readonly client: pg.PoolClient;
  /** Since when the limit of the next statement counts, as `performance.now()` gives it; undefined: since it is sent. */
  since: number | undefined;
  /** Milliseconds for the answer to each statement. */
  limit: number;
  /** What became of it is unknown, or it is of no more use: it is closed, never given to somebody else. */
  isBroken: boolean;
  readonly isDirect: boolean;
  /** Whoever asked had waited too long already and was refused; whether the connection is of use after the answer that is still to come. */
  late: Promise<boolean> | undefined;
  readonly silence: Silence;
}

/** Of a new connection, before anybody uses it. @throws where its server takes no writes. */
export async function acceptPlace(client: PlacedClient, places: Places, writableOnly = false): Promise<void> {
  try {
    if (writableOnly) await demandWritable(client);
    places.prove(client.place);
  } catch (error) {
    places.leave(client.place);
    // The pool waits for its end before it tells of the error.
    client.connection.stream.destroy();
    throw error;
  }
}

/** Asks the next server where one cannot be reached or takes no writes, each once and as long as there is time for another connection. */
async function connectTo({ pool, places, silence }: Source): Promise<pg.PoolClient> {
  const until = performance.now() + connectLimit;
  for (let tries = 1; ; ) {
    try {
      const client = await pool.connect();
      // Made before the servers changed their parts: nobody knows what the other one is by now.
      if ((client as unknown as PlacedClient).place === places.proven) return client;
      client.release(true);
    } catch (error) {
      if (sqlstate(error) !== undefined || (error as NodeJS.ErrnoException).code === 'ECONNREFUSED') silence.answered();
      if (++tries > places.count || performance.now() > until) throw databaseUnavailable(error);
    }
  }
}

type Borrowing = TransactionOptions & RunOptions;

/** @throws Problem `database_unavailable` at once where the wait for a connection would pass its limit, so that a crowd does not wait for nothing. */
export async function borrow<T>(
  source: Source,
  use: (lease: Lease) => Promise<T>,
  { askedAt = performance.now(), statementMilliseconds }: Borrowing = {},
): Promise<T> {
  const { pool, size, isDirect, wait, silence } = source;
  const silent = Math.min(silence.milliseconds(), answerLimit - leastAfter.silence);
  const waited = Math.min(performance.now() - askedAt, answerLimit - leastAfter.otherWaits);
  const since = performance.now() - Math.max(silent, waited);
  const isFree = pool.idleCount > 0 || pool.totalCount < size;
  if (!isFree && wait.expected(pool.waitingCount) > connectLimit) {
    throw databaseUnavailable(new Error(`${pool.waitingCount} wait for a connection, and another one would wait too long`));
  }
  const isLong = statementMilliseconds !== undefined;
  let release = isFree ? wait.held(isLong) : undefined;
  let lease: Lease | undefined;
  try {
    const client = await connectInTime(source, answerLimit - (performance.now() - since));
    release ??= wait.held(isLong);
    lease = { client, isDirect, since, limit: answerLimit, isBroken: false, late: undefined, silence };
    if (timeLeft(lease) < leastForAnswer) throw databaseUnavailable(new Error('no time is left for an answer'));
    return await use(lease);
  } finally {
    giveBack(lease, release);
  }
}

/** @returns milliseconds for the answer to the next statement. */
export function timeLeft({ limit, since }: Lease): number {
  return since === undefined ? limit : limit - (performance.now() - since);
}

function giveBack(lease: Lease | undefined, release: (() => void) | undefined): void {
  const give = (isUsable: boolean) => {
    lease?.client.release(!isUsable);
    release?.();
  };
  if (lease?.late && !lease.isBroken) void lease.late.then(give);
  else give(!lease?.isBroken);
}

async function connectInTime(source: Source, milliseconds: number): Promise<pg.PoolClient> {
  if (source.pool.idleCount === 0) source.silence.asked();
  const connecting = connectTo(source);
  try {
    return await within(milliseconds, connecting, 'the wish for a connection');
  } catch (error) {
    // It may come after all, and nobody waits for it any more.
    connecting.then((late) => late.release()).catch(() => undefined);
    throw error;
  }
}

/** pg has such a limit too (`query_timeout`), but leaves the connection waiting for the late answer. */
export async function within<T>(milliseconds: number, answer: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = () => reject(databaseUnavailable(new Error(`no answer to ${what} within ${Math.round(milliseconds)} ms`)));
    // One more look at the sockets first: where this process itself was held up, the answer is there already.
    timer = setTimeout(() => setImmediate(refuse), Math.max(1, milliseconds));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
