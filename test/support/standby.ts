import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type PostgresqlServer, startPostgresql } from './postgresql.ts';
import { findPostgresqlBinaries } from './postgresql-binaries.ts';
import { queryAnew } from './postgresql-watch.ts';
import { temporaryFolder } from './temporary.ts';
import { giveTo, unprivilegedUser } from './unprivileged-user.ts';

/**
 * Copies a running server and starts the copy as its synchronous standby: from then on the server acknowledges what the standby has stored, too.
 * @param port of the standby; default: a free one.
 */
export async function startStandby(primary: PostgresqlServer, port?: number): Promise<PostgresqlServer> {
  const folder = temporaryFolder('standby');
  const user = unprivilegedUser();
  giveTo(user, folder.path);
  const program = path.join(findPostgresqlBinaries() ?? '', 'pg_basebackup');
  const copy = ['--dbname', primary.adminUrl, '--pgdata', path.join(folder.path, 'data')];
  await promisify(execFile)(program, [...copy, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'], { ...user, cwd: folder.path });
  const standby = await startPostgresql({ directory: folder.path, ...(port !== undefined && { port }) });
  await becomeSynchronous(primary);
  return {
    ...standby,
    get process() {
      return standby.process;
    },
    async [Symbol.asyncDispose]() {
      await standby[Symbol.asyncDispose]();
      folder.remove();
    },
  };
}

async function becomeSynchronous(primary: PostgresqlServer): Promise<void> {
  const query = queryAnew(primary.adminUrl);
  // Not before there is one: every commit would wait for it.
  await query(`ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await query('SELECT pg_reload_conf()');
  for (;;) {
    const found = await query(`SELECT FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'`);
    if (found.length > 0) return;
    await delay(20);
  }
}
