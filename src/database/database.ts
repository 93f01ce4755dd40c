import type { Deadline } from '../deadline.ts';
import type { RowKey } from './row-queue.ts';

/** One SQL statement in the open: `text` uses `$1`, `$2` …; `name` is the prepared statement's and appears in logs. */
export interface Statement<Row> {
  readonly name: string;
  readonly text: string;
  /** Only for the compiler: the shape of a row. */
  readonly row?: Row;
}

/** @param name unique in the program (a PostgreSQL identifier of at most 63 bytes). */
export function statement<Row>(name: string, text: string): Statement<Row> {
  return { name, text };
}

/** Runs statements of some work until its deadline: a transaction, or a database that `until` has given one. */
export interface Queryable {
  /**
   * Runs one statement and gives its rows. `timestamptz` comes as `Date`, `bigint` and `count` as `number`, arrays as arrays.
   * @throws Problem `database_unavailable` where the database cannot be reached, is stopping, or takes too long;
   *   the driver's own error (with its SQLSTATE in `code` and `constraint`) for everything else.
   */
  run<Row>(statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
}

/** The connections of a pool at this moment. */
export interface ConnectionCounts {
  readonly total: number;
  readonly idle: number;
  /** Statements that wait for one. */
  readonly waiting: number;
}

export interface Database {
  readonly kind: 'embedded' | 'postgresql';
  /** What it is and where, without any secret: for the start-up lines. */
  readonly description: string;
  /** Runs one statement by itself, as `Queryable` does. @param deadline of the request, or other work, that it is for. */
  run<Row>(statement: Statement<Row>, values: readonly unknown[], deadline: Deadline): Promise<Row[]>;
  /**
   * The same for a statement that may have to wait for a row which many want: statements that wait for one row never take all connections.
   * @param rowKey see `RowKey`. The embedded database has one connection, so nothing to queue for.
   */
  runQueued<Row>(rowKey: RowKey, statement: Statement<Row>, values: readonly unknown[], deadline: Deadline): Promise<Row[]>;
  /**
   * Runs work in one transaction at READ COMMITTED; commits when it resolves, rolls back when it rejects.
   * @param deadline for the whole of it; its limit says what the server allows each statement. The embedded database cannot end a statement.
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>, deadline: Deadline): Promise<T>;
  /** Undefined for the embedded database, which has no pool. */
  readonly connections?: () => ConnectionCounts;
  close(): Promise<void>;
}

/** @returns the database, for statements of their own that share one deadline. */
export function until(deadline: Deadline, database: Pick<Database, 'run'>): Queryable {
  return { run: (wanted, values = []) => database.run(wanted, values, deadline) };
}
