import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PGlite's major version: a folder of another one does not open. */
export const embeddedMajor = 18;

/** What the names of lock sockets begin with: `chodae.lock.<process id>.<random>`. */
export const lockFileName = 'chodae.lock';

/** Our mark in the folder: says that it is ours, and whether its creation came to its end. */
export const markerFileName = 'chodae.json';

/** The folder cannot be used for the embedded database; the message says what to do. */
export class DataFolderError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DataFolderError';
  }
}

/**
 * Looks at a folder without writing to it.
 * @returns `empty` also where there is no folder yet; `interrupted` where a creation was killed half way.
 * @throws DataFolderError for a folder of another major version of PostgreSQL, or with anything in it that is not ours.
 */
export function inspectDataFolder(directory: string): 'empty' | 'interrupted' | 'ready' {
  const entries = listEntries(directory);
  const major = readText(join(directory, 'PG_VERSION'))?.trim();
  if (major !== undefined && major !== String(embeddedMajor)) {
    throw new DataFolderError(
      `The folder ${directory} holds a database of PostgreSQL ${major}, and this version of Chodae brings PostgreSQL ${embeddedMajor}. ` +
        'Open it with the version of Chodae that made it, or set DATA_DIR to another folder to begin with an empty database.',
    );
  }
  const marker = readMarker(directory);
  if (marker === 'creating') return 'interrupted';
  if (marker === 'ready' && major !== undefined) return 'ready';
  if (entries.length === 0) return 'empty';
  throw new DataFolderError(
    `The folder ${directory} is not empty and was not made by Chodae (it holds ${entries.slice(0, 3).join(', ')}). ` +
      'Nothing in it was changed. Set DATA_DIR to an empty folder, or to one that does not exist yet.',
  );
}

/** Empties a folder of what an interrupted creation left, and marks it as being created. Only under the lock. */
export function beginCreation(directory: string): void {
  if (readMarker(directory) === 'creating') {
    for (const entry of listEntries(directory)) if (entry !== markerFileName) rmSync(join(directory, entry), { recursive: true });
  }
  writeMarker(directory, 'creating');
}

/** Marks a folder as complete: the schema and what a new database is filled with are in it. */
export function finishCreation(directory: string): void {
  writeMarker(directory, 'ready');
}

/** What is in the folder apart from our lock, hidden files, and what a file system puts into a fresh volume. */
function listEntries(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !/^\.|^lost\+found$/.test(name) && !name.startsWith(lockFileName));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new DataFolderError(`${directory} is a file. Set DATA_DIR to a folder.`, error);
    throw new DataFolderError(`The folder ${directory} cannot be read (${code}). Correct its permissions or set DATA_DIR.`, error);
  }
}

function readMarker(directory: string): string | undefined {
  try {
    return (JSON.parse(readText(join(directory, markerFileName)) ?? '{}') as { state?: string }).state;
  } catch {
    return undefined;
  }
}

function writeMarker(directory: string, state: 'creating' | 'ready'): void {
  const path = join(directory, markerFileName);
  writeFileSync(`${path}.new`, `${JSON.stringify({ state, postgresql: embeddedMajor })}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
