import type { AwaitedRow } from './shares.ts';

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

export interface RunOptions {
  /** Since when somebody waits for the answer, as `performance.now()` gives it, where that is not now: 2.8 s from then on it is given up, but not before 1 s. */
  readonly askedAt?: number;
}

export interface Queryable {
  /**
   * Runs one statement and gives its rows. `timestamptz` comes as `Date`, `bigint` and `count` as `number`, arrays as arrays.
   * @throws Problem `database_unavailable` where the database cannot be reached, is stopping, or takes too long;
   *   the driver's own error (with its SQLSTATE in `code` and `constraint`) for everything else.
   */
  run<Row>(statement: Statement<Row>, values?: readonly unknown[], options?: RunOptions): Promise<Row[]>;
}

export interface TransactionOptions {
  /** How long each statement may take, in milliseconds, where the usual 2,000 are not enough; the embedded database has no limit. */
  readonly statementMilliseconds?: number;
  /** How long each statement may wait for a row that others use, in milliseconds, where the usual 1,900 are not enough; at most `statementMilliseconds`. */
  readonly lockMilliseconds?: number;
  /** Aborts where nobody waits for the result any more: then the statement under way is cancelled on the server; the embedded database cannot. */
  readonly signal?: AbortSignal | undefined;
}

/** The connections of a pool at this moment. */
export interface ConnectionCounts {
  readonly total: number;
  readonly idle: number;
  /** Statements that wait for one. */
  readonly waiting: number;
}

export interface Database extends Queryable {
  readonly kind: 'embedded' | 'postgresql';
  /** What it is and where, without any secret: for the start-up lines. */
  readonly description: string;
  /**
   * The same for a statement that may have to wait for a row which many want: those who wait for one row never hold all connections.
   * @param row see `AwaitedRow`. The embedded database has one connection and nobody to wait for.
   */
  runWaiting<Row>(row: AwaitedRow, statement: Statement<Row>, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs work in one transaction at READ COMMITTED; commits when it resolves, rolls back when it rejects. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Not of the embedded database, which has no pool. */
  readonly connections?: () => ConnectionCounts;
  close(): Promise<void>;
}
