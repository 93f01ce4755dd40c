import { setTimeout as sleep } from 'node:timers/promises';
import { type Queryable, statement } from './database.ts';

/** The server process of a transaction, and when the transaction began. */
const backendStatement = statement<{ pid: number; begun: string }>(
  'transaction_backend',
  'SELECT pg_catalog.pg_backend_pid() AS pid, extract(epoch FROM now())::text AS begun',
);

/**
 * Only while the process is in that very transaction: behind a pooler it may serve somebody else by now, or be a process of another server.
 * `pg_cancel_backend` and not the protocol's CancelRequest, which the driver (pg 8.23) cannot send over TLS.
 */
const cancelStatement = statement(
  'transaction_cancel',
  `SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
   WHERE pid = $1::integer AND extract(epoch FROM xact_start)::text = $2::text`,
);

/** Milliseconds. */
const betweenTries = 250;

/**
 * Does the work of a transaction until the signal aborts, then cancels its statements on the server, which would otherwise run on without a reader.
 * @param elsewhere runs a statement on another connection.
 * @throws the signal's reason.
 */
export async function untilAborted<T>(
  signal: AbortSignal,
  transaction: Queryable,
  elsewhere: Queryable['run'],
  work: (transaction: Queryable) => Promise<T>,
): Promise<T> {
  const [backend] = await transaction.run(backendStatement);
  signal.throwIfAborted();
  let isOver = false;
  let asked: Promise<unknown> = Promise.resolve();

  /** Again and again: the statement may not have arrived yet, another one may follow it, or no connection was free to cancel it. */
  async function cancel(): Promise<void> {
    while (!isOver) {
      asked = elsewhere(cancelStatement, [backend?.pid, backend?.begun]).catch(() => undefined);
      await asked;
      await sleep(betweenTries, undefined, { ref: false });
    }
  }

  signal.addEventListener('abort', cancel);
  try {
    return await work(transaction);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    isOver = true;
    signal.removeEventListener('abort', cancel);
    // Or it would cancel the next statement on this connection.
    await asked;
  }
}
