import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name of the file in `DATA_DIR` by which a running `serve` lets the command line of the same machine in. */
export const localAccessFileName = '.local-operator.json';

/** How to ask the process that has the embedded database open. */
export interface LocalAccess {
  readonly place: { readonly socketPath: string };
  /** An admin's key that dies with that process. */
  readonly key: string;
}

/**
 * Leaves the file, readable for its owner only, who can read the database in the folder as well.
 * @param directory of the embedded database that this process has open.
 * @returns removes it again.
 */
export function leaveLocalAccess(directory: string, { place, key }: LocalAccess): () => void {
  const path = join(directory, localAccessFileName);
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify({ ...place, key })}\n`, { flag: 'wx', mode: 0o600 });
  renameSync(unfinished, path);
  return () => {
    // The next holder of the folder has left its own.
    if (readLocalAccess(directory)?.key === key) rmSync(path, { force: true });
  };
}

/** @returns how to ask the process that has the folder's database open; one that was killed leaves a socket that refuses connections. */
export function readLocalAccess(directory: string): LocalAccess | undefined {
  try {
    const { key, socketPath } = JSON.parse(readFileSync(join(directory, localAccessFileName), 'utf8')) ?? {};
    return typeof key === 'string' && typeof socketPath === 'string' ? { place: { socketPath }, key } : undefined;
  } catch {
    return undefined;
  }
}
