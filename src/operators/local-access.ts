import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockHolder } from '../database/embedded-lock.ts';

/** The name of the file in `DATA_DIR` by which a running `serve` lets the command line of the same machine in. */
export const localAccessFileName = '.local-operator.json';

/** How to ask the process that has the embedded database open. */
export interface LocalAccess {
  readonly place: LocalPlace;
  /** An admin's key that dies with that process. */
  readonly key: string;
}

/** A socket of this machine, or an address such as `http://127.0.0.1:8000` where there is none. */
type LocalPlace = { readonly socketPath: string } | { readonly url: string };

/** Bytes: longer names of sockets are cut off without a word by some systems (`sun_path` has 104 on macOS, 108 on Linux). */
const longestSocketPath = 103;

/**
 * @returns names for the socket, best first. In the folder itself it is found from everywhere; but some file systems have no sockets, and some
 *   folders long names.
 */
export function localSocketPaths(directory: string): string[] {
  // Windows has sockets of this kind by name only.
  if (process.platform === 'win32') return [`\\\\.\\pipe\\chodae-${randomUUID()}`];
  const paths = [join(directory, '.local-operator.sock'), join(tmpdir(), `chodae-${randomUUID()}.sock`)];
  return paths.filter((path) => Buffer.byteLength(path) <= longestSocketPath);
}

/**
 * Leaves the file, for its owner's eyes only. Whoever may read the folder could read the database in it as well.
 * @param directory of the embedded database that this process has open.
 * @returns removes it again; also done when the process exits.
 */
export function leaveLocalAccess(directory: string, { place, key }: LocalAccess): () => void {
  const path = join(directory, localAccessFileName);
  const lock = lockHolder(directory)?.token;
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify({ ...place, key, lock })}\n`, { flag: 'wx', mode: 0o600 });
  renameSync(unfinished, path);
  const remove = () => {
    process.off('exit', remove);
    // Whoever took the folder over has left a file of their own.
    if (readFile(path)?.lock === lock) rmSync(path, { force: true });
  };
  process.on('exit', remove);
  return remove;
}

/** @returns how to ask the process that has the folder's database open right now; undefined where it is none, or one that answers no requests. */
export function readLocalAccess(directory: string): LocalAccess | undefined {
  const found = readFile(join(directory, localAccessFileName));
  // A file of a process that was killed names a lock that is no longer held.
  if (found?.lock === undefined || found.lock !== lockHolder(directory)?.token || typeof found.key !== 'string') return undefined;
  const { key, url, socketPath } = found;
  if (typeof socketPath === 'string') return { place: { socketPath }, key };
  return typeof url === 'string' ? { place: { url }, key } : undefined;
}

/** @returns where a server is reached from its own machine. @param isSecure whether it speaks TLS. */
export function urlFromHere({ address, port }: Pick<AddressInfo, 'address' | 'port'>, isSecure = false): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http${isSecure ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function readFile(path: string): Readonly<Record<'url' | 'socketPath' | 'key' | 'lock', unknown>> | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null ? (content as ReturnType<typeof readFile>) : undefined;
  } catch {
    return undefined;
  }
}
