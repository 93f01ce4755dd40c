import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { cleanUpAtExit, freePort, temporaryFolder } from './temporary.ts';
import { giveTo, unprivilegedUser } from './unprivileged-user.ts';

/** A PgBouncer of this test alone, in front of one PostgreSQL server. */
export interface Pgbouncer {
  /** The database of the target through the pooler, with `?pgbouncer=true`; any other database of the server works too. */
  readonly url: string;
  /** Its console: SHOW POOLS, PAUSE, RECONNECT, KILL and so on. */
  readonly adminUrl: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PgbouncerOptions {
  /** URL of a database as the role that all connections to the server use. */
  readonly target: string;
  readonly poolMode?: 'transaction' | 'session' | 'statement';
  /** Connections to the server for each database. */
  readonly defaultPoolSize?: number;
  readonly maxClients?: number;
  /** The port, to restart a killed one; default: a free one. */
  readonly port?: number;
}

const startSeconds = 30;

/** @returns the program's path, or undefined if it is not installed. Debian's folder for it is not always on PATH. */
export function findPgbouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/opt/homebrew/bin'];
  return folders.map((folder) => path.join(folder, 'pgbouncer')).find((file) => existsSync(file));
}

/** Starts the installed PgBouncer on 127.0.0.1; it accepts every user. */
export async function startPgbouncer(options: PgbouncerOptions): Promise<Pgbouncer> {
  const program = findPgbouncer();
  if (!program) throw new Error('No PgBouncer found: install it, or put it on the PATH.');
  const folder = temporaryFolder('pgbouncer');
  const user = unprivilegedUser();
  const port = options.port ?? (await freePort());
  const file = path.join(folder.path, 'pgbouncer.ini');
  writeFileSync(file, settings(options, port, versionOf(program)));
  giveTo(user, folder.path);
  giveTo(user, file);
  const logFile = path.join(folder.path, 'pgbouncer.log');
  const log = openSync(logFile, 'a');
  const child = spawn(program, [file], { ...user, cwd: folder.path, stdio: ['ignore', log, log] });
  closeSync(log);
  const forget = cleanUpAtExit(() => child.kill('SIGKILL'));
  const adminUrl = `postgresql://pgbouncer@127.0.0.1:${port}/pgbouncer`;
  await untilReady(child, adminUrl, logFile);

  async function stop(): Promise<void> {
    // It keeps nothing on disk, and what SIGTERM means differs between versions.
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    forget();
    folder.remove();
  }

  return { url: pooledUrl(options.target, port), adminUrl, process: child, stop, [Symbol.asyncDispose]: stop };
}

function settings(options: PgbouncerOptions, port: number, version: number): string {
  const target = new URL(options.target);
  const quoted = (value: string) => `'${decodeURIComponent(value).replaceAll("'", "''")}'`;
  const login = `user=${quoted(target.username)} password=${quoted(target.password)}`;
  const lines = [
    '[databases]',
    `* = host=${target.hostname} port=${target.port || 5432} ${login}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'admin_users = pgbouncer',
    `pool_mode = ${options.poolMode ?? 'transaction'}`,
    `default_pool_size = ${options.defaultPoolSize ?? 20}`,
    `max_client_conn = ${options.maxClients ?? 500}`,
    'server_reset_query_always = 0',
    // As docs/guides/database.md advises: by default no client is served for 15 s after one server connection failed or was closed by PAUSE.
    'server_login_retry = 1',
  ];
  // From 1.21 on it can follow named statements. The older ones in use cannot, and that is the case to test.
  if (version >= 1.21) lines.push('max_prepared_statements = 0');
  // Not set on purpose: ignore_startup_parameters. A start-up parameter that a pooler refuses has to show.
  return `${lines.join('\n')}\n`;
}

function versionOf(program: string): number {
  const version = /(\d+)\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }));
  return Number(version?.[1]) + Number(version?.[2]) / 100;
}

function pooledUrl(target: string, port: number): string {
  const url = new URL(target);
  return `postgresql://${url.username}@127.0.0.1:${port}${url.pathname}?pgbouncer=true`;
}

async function untilReady(child: ChildProcess, adminUrl: string, logFile: string): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  while (Date.now() < deadline && child.exitCode === null) {
    const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 2000 });
    const ready = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    if (ready) return;
    await sleep(50);
  }
  child.kill('SIGKILL');
  throw new Error(`PgBouncer does not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
}
