import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { findPostgresqlBinaries } from './postgresql-binaries.ts';
import { cleanUpAtExit, freePort, temporaryFolder } from './temporary.ts';
import { giveTo, unprivilegedUser } from './unprivileged-user.ts';

/** A PostgreSQL server of this test alone. */
export interface PostgresqlServer {
  /** Database `chodae` as its owner `chodae`, an ordinary role that may create databases. */
  readonly url: string;
  /** Database `postgres` as the superuser. */
  readonly adminUrl: string;
  readonly port: number;
  readonly socketDirectory: string;
  readonly dataDirectory: string;
  /** The server's log file. */
  readonly logFile: string;
  /** The postmaster; another one after `start`. */
  readonly process: ChildProcess;
  /** `fast` ends all sessions and closes in good order; `immediate` leaves recovery to the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** Starts again on the same port and data, also after the postmaster was killed. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PostgresqlServerOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** An existing folder that is kept; default: a temporary one. */
  readonly directory?: string;
}

const password = 'invited';
const startSeconds = 60;
const stopSignals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** Makes and starts a server from the machine's own PostgreSQL programs; it listens on 127.0.0.1 and on a socket in its folder. */
export async function startPostgresql(options: PostgresqlServerOptions = {}): Promise<PostgresqlServer> {
  const binaries = findPostgresqlBinaries();
  if (!binaries) throw new Error('No PostgreSQL server programs found: install PostgreSQL, or put its pg_config on the PATH.');
  const folder = options.directory ? { path: options.directory, remove: () => {} } : temporaryFolder('postgresql');
  const dataDirectory = path.join(folder.path, 'data');
  const logFile = path.join(folder.path, 'postgresql.log');
  const port = options.port ?? (await freePort());
  const adminUrl = address('postgres', port);
  giveTo(unprivilegedUser(), folder.path);
  const isNew = !existsSync(dataDirectory);
  if (isNew) await initialise(binaries, dataDirectory);
  const settings = { ...defaultSettings(port, folder.path), ...options.settings };
  let postmaster: ChildProcess | undefined;
  const spawnOnce = () => {
    postmaster = spawnPostmaster(binaries, dataDirectory, logFile, settings);
    return postmaster;
  };
  const forget = cleanUpAtExit(() => endAtOnce(postmaster, dataDirectory));

  async function start(): Promise<void> {
    await ended(postmaster);
    await startUntilReady(spawnOnce, adminUrl, logFile);
  }

  async function stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    postmaster?.kill(stopSignals[mode]);
    await ended(postmaster);
  }

  await start();
  if (isNew) await createOwner(adminUrl);
  return {
    url: address('chodae', port),
    adminUrl,
    port,
    socketDirectory: folder.path,
    dataDirectory,
    logFile,
    get process() {
      return postmaster as ChildProcess;
    },
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await stop('immediate');
      forget();
      folder.remove();
    },
  };
}

function defaultSettings(port: number, folder: string): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '100',
    // A killed process loses nothing without fsync; only a power cut would.
    fsync: 'off',
  };
}

function address(user: 'postgres' | 'chodae', port: number): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${user}`;
}

async function initialise(binaries: string, dataDirectory: string): Promise<void> {
  const user = unprivilegedUser();
  const passwordFile = `${dataDirectory}.password`;
  writeFileSync(passwordFile, password);
  giveTo(user, passwordFile);
  // macOS knows no C.UTF-8.
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C';
  const authentication = ['--auth-local=trust', '--auth-host=scram-sha-256', '--username=postgres', `--pwfile=${passwordFile}`];
  const options = ['--encoding=UTF8', `--locale=${locale}`, '--no-sync', ...authentication, `--pgdata=${dataDirectory}`];
  await promisify(execFile)(path.join(binaries, 'initdb'), options, { ...user, cwd: path.dirname(dataDirectory) });
  rmSync(passwordFile);
}

function spawnPostmaster(binaries: string, dataDirectory: string, logFile: string, settings: Readonly<Record<string, string>>) {
  const log = openSync(logFile, 'a');
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const place = { ...unprivilegedUser(), cwd: path.dirname(dataDirectory) };
  const child = spawn(path.join(binaries, 'postgres'), ['-D', dataDirectory, ...options], { ...place, stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

/** After a kill the old server's last processes hold port and memory for a moment, and the new one gives up: then once more. */
async function startUntilReady(spawnOnce: () => ChildProcess, adminUrl: string, logFile: string): Promise<void> {
  const deadline = Date.now() + startSeconds * 1000;
  let child = spawnOnce();
  while (Date.now() < deadline) {
    if (await answers(adminUrl)) return;
    await sleep(50);
    if (!isRunning(child)) child = spawnOnce();
  }
  child.kill('SIGKILL');
  throw new Error(`The PostgreSQL server is not ready after ${startSeconds} s:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function createOwner(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`CREATE ROLE chodae LOGIN CREATEDB PASSWORD '${password}'`);
  await client.query('CREATE DATABASE chodae OWNER chodae');
  await client.end();
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child && isRunning(child)) await once(child, 'exit');
}

/** For an exit that cannot wait for events. The server removes its pid file last; a plain kill would leave its shared memory behind. */
function endAtOnce(postmaster: ChildProcess | undefined, dataDirectory: string): void {
  if (!postmaster || !isRunning(postmaster)) return;
  postmaster.kill('SIGQUIT');
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let wait = 0; wait < 100 && existsSync(path.join(dataDirectory, 'postmaster.pid')); wait++) Atomics.wait(clock, 0, 0, 30);
}
