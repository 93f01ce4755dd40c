import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderError, lockFileName } from './embedded-folder.ts';

/** Milliseconds to retry while other processes hold or want the lock; a process that only tried withdraws at once. */
const patience = 700;
/** Milliseconds that the holder has to tell its host; its event loop may be busy. */
const answerLimit = 300;
/** Bytes: `sun_path` has 104 on macOS and 108 on Linux. */
const longestSocketPath = 103;
/** Bytes of the longest name of a socket of ours, with its slash. */
const longestName = 40;

export interface LockHolder {
  readonly pid: number;
  /** undefined: it did not answer in time. */
  readonly host: string | undefined;
}

/** Another process has the embedded database open. */
export class DatabaseInUseError extends Error {
  readonly pid: number;

  constructor(directory: string, { pid, host }: LockHolder) {
    super(
      `The embedded database in ${directory} is in use by process ${pid}${host === undefined ? '' : ` on ${host}`}. Stop that process, choose ` +
        'another folder with DATA_DIR, or set DATABASE_URL to a PostgreSQL server, which many processes can share.',
    );
    this.name = 'DatabaseInUseError';
    this.pid = pid;
  }
}

export interface EmbeddedLock {
  /** Idempotent. The operating system does the same when the process dies. */
  release(): Promise<void>;
}

/**
 * Locks the folder for this process: two PGlite instances in one folder would lose rows. The lock is a listening Unix socket, so it ends with the
 * process, however that ends. Each attempt listens under a name of its own first and looks for others second: of two that start together
 * at least one sees the other. A name is never used again, so removing a dead one cannot hit a new lock.
 * @param directory an existing folder.
 * @throws DatabaseInUseError within two seconds.
 * @throws DataFolderError where no socket can be made.
 */
export async function acquireEmbeddedLock(directory: string): Promise<EmbeddedLock> {
  const begun = performance.now();
  for (;;) {
    const name = `${lockFileName}.${process.pid}.${randomBytes(4).toString('hex')}`;
    const { path, server } = await listenIn(directory, name);
    const other = await findLive(dirname(path), { own: name, removeDead: true });
    // Another start may have met this socket before it listened, and removed it as a dead one.
    if (other === undefined && existsSync(path)) return { release: () => close(server) };
    await close(server);
    if (other !== undefined && performance.now() - begun > patience) throw new DatabaseInUseError(directory, other);
    await sleep(10 + Math.random() * 90);
  }
}

/** @returns the process that has the folder's database open; changes nothing. */
export async function lockHolder(directory: string): Promise<LockHolder | undefined> {
  if (!existsSync(directory)) return undefined;
  for (const folder of socketFolders(directory)) {
    const holder = existsSync(folder) ? await findLive(folder) : undefined;
    if (holder) return holder;
  }
  return undefined;
}

/**
 * @param directory an existing data folder.
 * @returns the folders for its sockets, best first: itself, unless its name is too long, then one that only this user can enter, because some
 *   file systems have no sockets.
 */
export function socketFolders(directory: string): string[] {
  const { dev, ino } = statSync(directory);
  const id = createHash('sha256').update(`${dev} ${ino}`).digest('hex').slice(0, 12);
  const other = join(tmpdir(), `chodae-${process.geteuid?.() ?? 0}-${id}`);
  return Buffer.byteLength(directory) + longestName <= longestSocketPath ? [directory, other] : [other];
}

async function listenIn(directory: string, name: string): Promise<{ path: string; server: Server }> {
  let reason: string | undefined;
  for (const folder of socketFolders(directory)) {
    const path = join(folder, name);
    try {
      if (folder !== directory) makePrivateFolder(folder);
      return { path, server: await listen(path) };
    } catch (error) {
      reason = (error as NodeJS.ErrnoException).code;
      // Two starts must not choose different folders: only a file system without sockets is a reason for the other one.
      if (reason === undefined || !['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EINVAL', 'ENOSYS'].includes(reason)) break;
    }
  }
  throw new DataFolderError(
    `The folder ${directory} cannot be locked by a Unix socket in it (${reason}). Correct its permissions or set DATA_DIR.`,
  );
}

function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  if (uid === process.geteuid?.() && (mode & 0o077) === 0) return;
  throw new DataFolderError(`${folder} belongs to another user or lets others in. Remove it.`);
}

/** @returns the process of a lock socket that accepts connections. */
async function findLive(folder: string, { own = '', removeDead = false } = {}): Promise<LockHolder | undefined> {
  for (const name of readdirSync(folder)) {
    const pid = /^chodae\.lock\.(\d+)\.[0-9a-f]{8}$/.exec(name)?.[1];
    if (pid === undefined || name === own) continue;
    const path = join(folder, name);
    const answer = await ask(path);
    if (answer !== 'dead') return { pid: Number(pid), host: answer.host };
    if (removeDead) rmSync(path, { force: true });
  }
  return undefined;
}

/** Only a refused connection proves that no process listens any more: a stopped or busy process still accepts in the kernel. */
function ask(path: string): Promise<'dead' | { host: string | undefined }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path, timeout: answerLimit });
    const end = () => {
      socket.destroy();
      resolve({ host: text.trim() || undefined });
    };
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.once('end', end).once('timeout', end);
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve('dead');
      else end();
    });
  });
}

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${hostname()}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, exclusive: true }, () => {
      closeToOthers(path);
      resolve(server);
    });
    server.unref();
  });
}

/** The folder keeps other users out; a socket with rights for them would be found by a check of the files. */
function closeToOthers(path: string): void {
  try {
    chmodSync(path, 0o600);
  } catch {
    // Removed by another start, which took it for a dead one: the caller sees that and tries again.
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
