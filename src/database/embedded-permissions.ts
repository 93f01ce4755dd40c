import { chmodSync, existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DataFolderError } from './embedded-folder.ts';

/** The bits of a mode that let the group and others in. */
const notOwner = 0o077;

/** Windows has no such bits, and new files there have the rights of their folder. */
const hasModes = process.platform !== 'win32';

/**
 * Lets only its owner into the folder of the embedded database. PGlite makes files of mode 0666 whatever the umask, WAL segments among them
 * at any time, so it is the folder that protects them.
 * @param directory an existing folder, or a symbolic link to one.
 * @throws DataFolderError where others can enter and this process may not change it.
 */
export function restrictFolder(directory: string): void {
  if (!hasModes || folderMode(directory) === undefined) return;
  try {
    chmodSync(directory, statSync(directory).mode & 0o7700);
  } catch {
    // The folder of another user, or a file system without modes: its present mode decides.
  }
  const mode = folderMode(directory);
  if (mode === undefined) return;
  throw new DataFolderError(
    `The folder ${directory} lets other users of this machine in (mode ${mode}), and its owner or its file system does not let this program change ` +
      `that, so they could read the database. Run \`chmod 700\` on it as its owner, or set DATA_DIR to a folder that does not exist yet, such as ${join(directory, 'chodae')}.`,
  );
}

/** Takes the rights of group and others off everything in the folder, as a second fence; 1,000 files take about 30 ms. */
export function restrictFiles(directory: string): void {
  if (!hasModes) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) restrictFiles(path);
    // A symbolic link may lead out of the folder; a socket is made with its mode.
    if (entry.isDirectory() || entry.isFile()) restrict(path);
  }
}

function restrict(path: string): void {
  try {
    const { mode } = lstatSync(path);
    if ((mode & notOwner) !== 0) chmodSync(path, mode & 0o7700);
  } catch {
    // Gone since it was listed, or another owner's: the folder keeps others out.
  }
}

/** @returns the mode, such as `0755`, of a folder into which group or others can; undefined where only its owner can, or there is none. */
export function folderMode(directory: string): string | undefined {
  const stats = hasModes ? statSync(directory, { throwIfNoEntry: false }) : undefined;
  return stats && (stats.mode & notOwner) !== 0 ? octal(stats.mode) : undefined;
}

/** Whether this process may change the mode of a folder. */
export function isOurs(folder: string): boolean {
  const user = process.geteuid?.();
  return user === 0 || statSync(folder).uid === user;
}

/** @returns the mode of a file that every user of the machine can read, folders above it included; undefined where it is not so. */
export function modeReadableByOthers(file: string): string | undefined {
  const stats = hasModes ? statSync(file, { throwIfNoEntry: false }) : undefined;
  if (stats === undefined || (stats.mode & 0o004) === 0) return undefined;
  return foldersAbove(file).every((folder) => (statSync(folder).mode & 0o001) !== 0) ? octal(stats.mode) : undefined;
}

/**
 * @param path of a folder, which need not be there.
 * @returns a folder above it, or above where it leads, in which others may rename it and put their own in its place: at the next start the service
 *   would take theirs for its own. A sticky bit, as `/tmp` has it, forbids that.
 */
export function replaceableIn(path: string): string | undefined {
  if (!hasModes) return undefined;
  return [...foldersAbove(path), ...foldersAbove(existsSync(path) ? realpathSync(path) : path)].find((folder) => {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (!stats) return false;
    const { mode, gid } = stats;
    const isForeignGroup = gid !== 0 && gid !== process.getgid?.();
    return (mode & 0o1000) === 0 && ((mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && isForeignGroup));
  });
}

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folders.at(-1) !== folder; folder = dirname(folder)) folders.push(folder);
  return folders;
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8)}`;
}
