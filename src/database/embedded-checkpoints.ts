import type { PGlite } from '@electric-sql/pglite';

// PGlite never checkpoints by itself: 1.2 GB of WAL were seen. A checkpoint holds everything up for 20 to 75 ms.
const grownMegabytes = 16;
const statementsBetweenLooks = 200;

/** Start parameters that let a checkpoint give the space of old WAL back; PostgreSQL's own defaults are 80 MB and 1 GB. */
export const walSettings = ['-c', 'min_wal_size=32MB', '-c', 'max_wal_size=64MB'] as const;

export interface Checkpoints {
  /** To be told of every statement. */
  count(): void;
  stop(): void;
}

/**
 * Keeps the WAL, and with it the time of the next start after a crash, small: checkpoints where it has grown by 16 MB (looked at after every 200
 * statements), and every so many seconds where it has grown at all.
 * @param onCheckpoint called after each: files were made since the last one.
 */
export function startCheckpoints(pglite: PGlite, seconds: number, onCheckpoint: () => void): Checkpoints {
  let isStopped = false;
  let statements = 0;
  let checkpointedAt: number | undefined;

  async function checkpointIfGrownBy(bytes: number): Promise<void> {
    statements = 0;
    const position = await walPosition(pglite);
    // A query that comes while PGlite closes would run after its end.
    if (isStopped || (checkpointedAt !== undefined && position - checkpointedAt < bytes)) return;
    await pglite.query('CHECKPOINT');
    if (!isStopped) checkpointedAt = await walPosition(pglite);
    onCheckpoint();
  }
  // Both wait for their turn behind the running transaction. What fails now, a full disk say, the next one does.
  const look = (bytes: number) => void checkpointIfGrownBy(bytes).catch(() => undefined);
  const timer = setInterval(look, seconds * 1000, 1).unref();
  return {
    count() {
      statements += 1;
      if (statements >= statementsBetweenLooks) look(grownMegabytes * 2 ** 20);
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}

/** @returns bytes since the database was made. */
async function walPosition(pglite: PGlite): Promise<number> {
  const { rows } = await pglite.query<{ position: number }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS position`,
  );
  return rows[0]?.position ?? 0;
}
