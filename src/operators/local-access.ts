import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { lockHolder } from '../database/embedded-lock.ts';

/** The name of the file in `DATA_DIR` by which a running `serve` lets the command line of the same machine in. */
export const localAccessFileName = '.local-operator.json';

/** How to ask the process that has the embedded database open. */
export interface LocalAccess {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** An admin's key that dies with that process. */
  readonly key: string;
}

/**
 * Leaves the file, for its owner's eyes only. Whoever may read the folder could read the database in it as well.
 * @param directory of the embedded database that this process has open.
 * @returns removes it again; also done when the process exits.
 */
export function leaveLocalAccess(directory: string, { url, key }: LocalAccess): () => void {
  const path = join(directory, localAccessFileName);
  const lock = lockHolder(directory)?.token;
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify({ url, key, lock })}\n`, { flag: 'wx', mode: 0o600 });
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
  if (typeof found?.url !== 'string' || typeof found.key !== 'string') return undefined;
  return found.lock !== undefined && found.lock === lockHolder(directory)?.token ? { url: found.url, key: found.key } : undefined;
}

/** @returns where a server is reached from its own machine. */
export function urlFromHere({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function readFile(path: string): { url?: unknown; key?: unknown; lock?: unknown } | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null ? content : undefined;
  } catch {
    return undefined;
  }
}
