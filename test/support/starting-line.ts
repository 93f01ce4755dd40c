import { setTimeout as delay } from 'node:timers/promises';
import type { Racer, Racers } from './racers.ts';
import type { ServerGroup } from './server-group.ts';

/** A statement that holds rows which every racer has to lock or wait for. */
export interface StartingLine {
  readonly sql: string;
  readonly values: readonly unknown[];
  /** Whether its change is committed when the race begins; otherwise it is rolled back. */
  readonly stays?: boolean;
}

/** Milliseconds that the first may wait for the last; after 1.5 s those who wait for their turn are refused. */
const longestWait = 1_000;
/** Milliseconds without a new one: then no more come, because a process lets only some of its statements wait for one row. */
const longestGap = 250;

/**
 * Runs one round of a race. In the odd ones rows are held until the racers' statements wait for them inside the database, then all go in one
 * moment; in the even ones they go as they come. Requests that leave in one tick are still worked on one after another where the machine has
 * two cores: of 32 only a handful met, and a claim that looks before it writes was seen in every second round only.
 */
export async function raceRound<T>(
  group: ServerGroup,
  racers: Racers,
  { round, line }: { readonly round: number; readonly line: StartingLine },
  run: (racer: Racer, index: number) => Promise<T>,
): Promise<T[]> {
  if (round % 2 === 0) return racers.race(run);
  await group.query('BEGIN');
  let racing: Promise<T[]>;
  try {
    await group.query(line.sql, line.values);
    racing = racers.race(run);
    await untilWaiting(group.query, Math.min(racers.all.length, group.connections), racing);
  } finally {
    await group.query(line.stays ? 'COMMIT' : 'ROLLBACK');
  }
  return racing;
}

async function untilWaiting(query: ServerGroup['query'], count: number, racing: Promise<unknown>): Promise<void> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  racing.then(end, end);
  let most = 0;
  let firstAt = 0;
  let newestAt = 0;
  const isEnough = () => most > 0 && performance.now() > Math.min(firstAt + longestWait, newestAt + longestGap);
  while (!isOver && !isEnough()) {
    await delay(5);
    const waiting = await countWaiting(query);
    if (waiting >= count) return;
    if (waiting <= most) continue;
    newestAt = performance.now();
    if (most === 0) firstAt = newestAt;
    most = waiting;
  }
}

/** @returns how many statements in this database wait for a lock at this moment. */
export async function countWaiting(query: ServerGroup['query']): Promise<number> {
  // Within a transaction the view would show its first picture for ever.
  await query('SELECT pg_stat_clear_snapshot()');
  const [row] = await query<{ statements: number }>(
    `SELECT count(*) AS statements FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.statements ?? 0;
}

/** Every claim of a seat of this invitation has to lock its row. */
export function invitationLine(id: number): StartingLine {
  return { sql: 'SELECT 1 FROM "Invitation" WHERE id = $1 FOR UPDATE', values: [id] };
}

/** All are at the last step when the invitation turns out to be revoked. */
export function revocationLine(id: number): StartingLine {
  return { sql: 'UPDATE "Invitation" SET revoked_at = now() WHERE id = $1', values: [id], stays: true };
}

/** Every completion of this session has to lock its row. */
export function sessionLine(id: string): StartingLine {
  return { sql: 'SELECT 1 FROM "RegisterSession" WHERE "sessionId" = $1 FOR UPDATE', values: [id] };
}

/** Every claim of this number has to wait for the one that has it and gives it back. */
export function phoneLine(e164: string): StartingLine {
  const sql = `INSERT INTO "User" (name, password, birthday, phone, "invitationId", phone_key) VALUES ('', '', '', '', 0, $1)`;
  return { sql, values: [e164] };
}
