import { answerLimit, type Lease, leastForAnswer, timeLeft } from './borrowed-connection.ts';
import type { Queryable, Statement, TransactionOptions } from './database.ts';
import { queryOf, send } from './sent-statement.ts';
import { sqlstates } from './sqlstates.ts';
import { databaseUnavailable } from './unavailable.ts';

// Limits in milliseconds. The client's own (`answerLimit`) is behind the server's, so that it only ends what the server cannot, unless whoever asks
// has waited before.
const statementLimit = 2_000;
// A little less, so that the error names the reason. It begins anew where somebody before us in the queue for a row gives up; the statement's does not.
const lockLimit = 1_900;
const idleInTransactionLimit = 10_000;
const leastServerLimit = 50;
const slack = 100;
/** Whoever has waited for less before is served with the connection's own limits, without the round trips of a transaction. */
const shortWait = 300;

// A transaction pooler refuses these as start-up parameters; there every transaction sets them for itself.
export const serverLimits = {
  statement_timeout: statementLimit,
  lock_timeout: lockLimit,
  idle_in_transaction_session_timeout: idleInTransactionLimit,
};
const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/** @param milliseconds at most for a statement. */
function limitsOf(milliseconds: number = statementLimit): string {
  const limits = { ...serverLimits, statement_timeout: milliseconds, lock_timeout: Math.min(lockLimit, milliseconds) };
  return Object.entries(limits)
    .map(([name, value]) => `SET LOCAL ${name} = ${Math.ceil(value)}`)
    .join('; ');
}

/** Whether the limits that a direct connection has from its start end a statement in time. */
export function hasItsTime(lease: Lease): boolean {
  return timeLeft(lease) > lease.limit - shortWait;
}

/** Runs one statement that may have to wait for a row, and that the server gives up before nobody waits for its answer any more. */
export async function runInTimeLeft<Row>(
  lease: Lease,
  named: boolean,
  statement: Statement<Row>,
  values?: readonly unknown[],
): Promise<Row[]> {
  const granted = serverTimeLeft(lease);
  const work = async (transaction: Queryable) => {
    if (timeLeft(lease) < leastForAnswer) throw databaseUnavailable(new Error('no time is left for an answer'));
    // BEGIN was slow.
    if (serverTimeLeft(lease) < granted - slack) await send(lease, { text: limitsOf(serverTimeLeft(lease)) });
    return transaction.run(statement, values);
  };
  return inTransaction(lease, `${begin}; ${limitsOf(granted)}`, named, work, { keepsTime: true });
}

/** @returns milliseconds. */
function serverTimeLeft(lease: Lease): number {
  return Math.max(leastServerLimit, Math.min(statementLimit, timeLeft(lease) - (answerLimit - statementLimit)));
}

/** The statement that begins a transaction, with its limits where the connection does not have them already. */
export function startOf(isDirect: boolean, { statementMilliseconds, lockMilliseconds }: TransactionOptions = {}): string {
  const start = [isDirect ? begin : `${begin}; ${limitsOf()}`];
  if (statementMilliseconds !== undefined) start.push(`SET LOCAL statement_timeout = ${Math.ceil(statementMilliseconds)}`);
  if (lockMilliseconds !== undefined) start.push(`SET LOCAL lock_timeout = ${Math.ceil(lockMilliseconds)}`);
  return start.join('; ');
}

interface InTransactionOptions extends TransactionOptions {
  /** The time that is left counts for BEGIN and the statement together; otherwise each statement has the whole time anew. */
  readonly keepsTime?: boolean;
}

export async function inTransaction<T>(
  lease: Lease,
  start: string,
  named: boolean,
  work: (transaction: Queryable) => Promise<T>,
  { statementMilliseconds, keepsTime = false }: InTransactionOptions = {},
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
    if (!keepsTime) lease.since = undefined;
    if (statementMilliseconds !== undefined) lease.limit = statementMilliseconds + (answerLimit - statementLimit);
    const result = await work(transaction);
    lease.since = undefined;
    await commit(lease);
    return result;
  } catch (error) {
    lease.since = undefined;
    // Whatever comes late, the transaction is still open then.
    lease.isBroken ||= lease.late !== undefined;
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
