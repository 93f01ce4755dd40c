import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Deadline, millisecondsLeft } from '../deadline.ts';
import { openSemaphore, type Wait } from '../overload/semaphore.ts';
import type { Database } from './database.ts';

/**
 * A view of a database that uses a limited number of its connections at a time and leaves the others free. Each statement, and each transaction as a
 * whole, takes one; those that find none wait here, outside of the pool's queue. Work of a transaction must go through the transaction: a statement
 * beside it would need a second connection.
 * @param wait how long for a connection, the deadline at most, and how a wait in vain is answered.
 */
export function shareConnections(database: Database, connections: number, wait: Omit<Wait, 'signal'>): Database {
  const share = openSemaphore(connections);

  async function inShare<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
    using _connection = await share.take(waitUntil(deadline));
    const result = await work();
    // The embedded database works in this very thread and does not yield it, however many statements wait.
    if (database.kind === 'embedded') await nextTurn();
    return result;
  }

  function waitUntil(deadline: Deadline): Wait {
    // Not where one connection is shared: there a statement takes as long as it takes.
    if (wait.milliseconds === undefined) return wait;
    const milliseconds = Math.max(0, Math.min(wait.milliseconds, millisecondsLeft(deadline)));
    return { ...wait, milliseconds, signal: deadline.limit.endsWithClient ? deadline.gone : undefined };
  }

  return {
    ...database,
    run: (statement, values, deadline) => inShare(deadline, () => database.run(statement, values, deadline)),
    runQueued: (rowKey, statement, values, deadline) => inShare(deadline, () => database.runQueued(rowKey, statement, values, deadline)),
    transaction: (work, deadline) => inShare(deadline, () => database.transaction(work, deadline)),
  };
}
