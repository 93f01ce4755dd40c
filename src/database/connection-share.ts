import { setImmediate as nextTurn } from 'node:timers/promises';
import { openSemaphore, type Wait } from '../semaphore.ts';
import type { Database } from './database.ts';

/**
 * A view of a database that uses at most so many of its connections at a time, so that whatever goes through it leaves the others free. Each statement,
 * and each transaction as a whole, takes one; those that find none wait here, outside of the pool's queue. Work of a transaction must go through the
 * transaction: a statement beside it would need a second connection.
 * @param wait how long for a connection, and how a wait in vain is answered.
 */
export function shareConnections(database: Database, connections: number, wait: Omit<Wait, 'signal'>): Database {
  const share = openSemaphore(connections);
  /** The embedded database works in this very thread and gives it to nobody else by itself, however many statements wait. */
  async function giveWay<T>(result: T): Promise<T> {
    if (database.kind === 'embedded') await nextTurn();
    return result;
  }
  return {
    ...database,
    async run(statement, values, options) {
      using _connection = await share.take(wait);
      return await giveWay(await database.run(statement, values, options));
    },
    async runWaiting(row, statement, values) {
      using _connection = await share.take(wait);
      return await giveWay(await database.runWaiting(row, statement, values));
    },
    async transaction(work, options) {
      using _connection = await share.take({ ...wait, signal: options?.signal });
      return await giveWay(await database.transaction(work, options));
    },
  };
}
