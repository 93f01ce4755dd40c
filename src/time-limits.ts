/**
 * Every time limit of the database and the reason for it, in milliseconds. They follow from one promise: where the database hangs, a request is
 * answered within 3 s (docs/evidence/reliability.md).
 */

/** How long some work may take, and what the server allows it. */
export interface TimeLimit {
  /** From the beginning to the end of the work, with every wait for a connection, a row or an answer. */
  readonly total: number;
  /** `statement_timeout`. */
  readonly statement: number;
  /** `lock_timeout`. */
  readonly lock: number;
  /** Cancels the statement under way on the server when the client leaves. Other work goes on: it is short, or the client may want it done all the same. */
  readonly endsWithClient: boolean;
}

/** The 200 ms up to the promise are for everything that is not the database: parsing, the event loop, the network. */
const requestTotal = 3_000 - 200;

/**
 * From the server's limit of a statement to the end of waiting for its answer. The server ends a statement first, so that the connection stays
 * usable; the program ends the wait only where the server does not answer.
 */
export const serverSlack = 800;

/** A request; and work without a client that has no limit of its own: a batch of the sweeper, each statement of a start or a command. */
export const requestLimit: TimeLimit = {
  total: requestTotal,
  statement: requestTotal - serverSlack,
  // Ends before `statement`, so that the error names the reason. PostgreSQL counts it anew for each position in the queue for a row, `statement` not.
  lock: requestTotal - serverSlack - 100,
  endsWithClient: false,
};

/** A transaction in which the program hangs is ended by the server. */
export const idleInTransactionLimit = 10_000;

/** For a free connection, or for making one. What is left of `requestLimit.total` is for one statement. */
export const connectLimit = 2_000;

/** For a turn in the queue of one row. Shorter than `lock`: if the row stays locked, waiting requests are refused before a connection is free for them. */
export const rowTurnLimit = 1_500;

/** With less time left nothing is sent: the statement would run, and its answer would come too late. */
export const leastForAnswer = 100;

/** The server gets this much for a statement even where less is left. */
export const leastForServer = 50;

/**
 * With no more than this used, the limits that a connection has from its start end a statement in time, and a transaction with limits of its own is
 * not worth its round trips.
 */
export const shortWait = 300;

/** For storing a password's hash, however long the hash took: a refusal would cost another hash. */
export const leastAfterHash = 1_000;

/** For what follows a count, such as its entry in the audit log, however long the count took: a refusal would cost another count. */
export const leastAfterCount = 1_000;

/** For statements under way when the pool is closed, and for the server's answer to the goodbye. */
export const closingLimits = { work: 1_000, goodbye: 500 };

/**
 * Revoking during a rush waits for the completions under way: longer than people in the queue wait (2.3 s were seen on a busy machine). Not
 * refused early, because an operator who stops something should not have to try again.
 */
export const stopLimit: TimeLimit = { total: 8_000 + serverSlack, statement: 8_000, lock: 8_000, endsWithClient: false };

/** Up to 1,000 invitations with their checks in one transaction. */
export const creationLimit: TimeLimit = { ...longWork(10_000), total: 30_000, endsWithClient: false };

/** Counts of users and of sign-ups for a page that a person looks at. */
export const pageCountLimit = longWork(10_000);

/** Exact counts of invitations, at most a million. */
export const exactCountLimit = longWork(15_000);

/** The count before an export, and each of its batches; and each page of the codes that a bulk creation answers. The client may take minutes to read them. */
export const exportLimit = longWork(30_000);

/** Up to a million invitations: a minute on an idle server. A busy one needs up to 30 s for 5,000 rows with all their indexes. */
export const bulkLimit: TimeLimit = { ...longWork(30_000), total: 600_000 };

/** The count of `chodae sweep --dry-run`: there may be millions of rows. */
export const dueCountLimit = longWork(60_000);

/** @returns the limit of work with one long statement, which is useless once the client has left. */
function longWork(statement: number): TimeLimit {
  return { total: statement + connectLimit + serverSlack, statement, lock: requestLimit.lock, endsWithClient: true };
}
