import type pg from 'pg';
import { Problem } from '../errors.ts';
import { answerLimit, type Lease, leastForAnswer, timeLeft, within } from './borrowed-connection.ts';
import type { Statement } from './database.ts';
import type { Silence } from './silence.ts';
import { sqlstates } from './sqlstates.ts';
import { asDatabaseError, databaseUnavailable, sqlstate } from './unavailable.ts';

/** What `pg` is given. */
interface Query {
  readonly name?: string;
  readonly text: string;
  readonly values?: unknown[];
  /** The extended protocol also without values: one statement only, as in the embedded database. */
  readonly queryMode?: 'extended';
}

/** @param named prepared once a connection. */
export function queryOf({ name, text }: Statement<unknown>, values: readonly unknown[] = [], named: boolean): Query {
  return { ...(named && { name }), text, values: [...values], queryMode: 'extended' };
}

/** Sends a statement and waits for its answer as long as the lease allows. @throws Problem `database_unavailable`, or the driver's error. */
// biome-ignore lint/suspicious/noExplicitAny: the rows have the type that the statement declares.
export async function send(lease: Lease, query: Query): Promise<pg.QueryResult<any>> {
  const limit = timeLeft(lease);
  // What was announced as long is silent for good reasons.
  if (lease.limit <= answerLimit) lease.silence.asked();
  const what = query.name ?? query.text;
  const answer = lease.client.query(query);
  try {
    const result = await within(limit, answer, what);
    lease.silence.answered();
    return result;
  } catch (error) {
    if (sqlstate(error) !== undefined) lease.silence.answered();
    const left = lease.limit - limit;
    // The server may well be in time, and a new connection is dear when it is slow. A pooler would run the statement whenever it comes to it.
    if (error instanceof Problem && lease.isDirect && left > leastForAnswer)
      lease.late = isOfUseAfter(within(left, answer, what), lease.silence);
    else lease.isBroken ||= !leavesConnectionUsable(error);
    const told = asDatabaseError(error);
    throw isFatal(error) && !(told instanceof Problem) ? databaseUnavailable(told) : told;
  }
}

async function isOfUseAfter(answer: Promise<unknown>, silence: Silence): Promise<boolean> {
  try {
    await answer;
  } catch (error) {
    if (!leavesConnectionUsable(error)) return false;
  }
  silence.answered();
  return true;
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

/** The prepared statement of that name no longer fits the tables (DDL since), or is not there: it did not run, and unnamed it will. */
export function isStaleName(error: unknown): boolean {
  const state = sqlstate(error);
  if (state === sqlstates.featureNotSupported) return (error as { routine?: string }).routine === 'RevalidateCachedQuery';
  return state === sqlstates.invalidSqlStatementName || state === sqlstates.duplicatePreparedStatement;
}
