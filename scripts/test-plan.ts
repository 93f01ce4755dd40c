import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestDatabaseKind } from '../test/support/empty-database.ts';

/** One start of Node's test runner. */
export interface TestRun {
  readonly database: TestDatabaseKind;
  readonly files: readonly string[];
}

export interface TestFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly usesDatabase: boolean;
}

/** Folders that decide for themselves what they run over; everywhere else a file says so by what it imports. */
const folderDatabases: Readonly<Record<string, readonly TestDatabaseKind[]>> = {
  // The embedded database has one connection, which hides every race.
  'test/races/': ['postgresql', 'pgbouncer'],
  'test/faults/': ['postgresql'],
  'test/browser/': ['embedded'],
  'test/documents/': ['embedded'],
};

/** Whoever imports one of these, directly or through other files below `test`, asks for a database. */
const databaseModules = ['test/support/empty-database.ts', 'test/support/database.ts'];

/** Finds every `*.test.ts` of the repository. The long forms of tests have other names (`*.long.ts`) and are started by hand. */
export function findTestFiles(root: string): TestFile[] {
  const known = new Map<string, boolean>();
  return ['src', 'scripts', 'test'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
      .sort()
      .map((file) => ({ path: file, usesDatabase: reachesDatabase(root, file, known) })),
  );
}

/**
 * Decides which file runs over which database: one that asks for a database over each that there is, every other one once.
 * @param available in the order of the runs; files that run once belong to the embedded database's run.
 */
export function planRuns(files: readonly TestFile[], available: readonly TestDatabaseKind[]): TestRun[] {
  const runs = available.map((database) => ({
    database,
    files: files.filter((file) => databasesOf(file).includes(database)).map((file) => file.path),
  }));
  return runs.filter((run) => run.files.length > 0);
}

/** @returns the databases over which a file runs where the machine has them. */
export function databasesOf(file: TestFile): readonly TestDatabaseKind[] {
  const folder = Object.keys(folderDatabases).find((start) => file.path.startsWith(start));
  if (folder) return folderDatabases[folder] ?? [];
  return file.usesDatabase ? ['embedded', 'postgresql', 'pgbouncer'] : ['embedded'];
}

function reachesDatabase(root: string, file: string, known: Map<string, boolean>): boolean {
  if (databaseModules.includes(file)) return true;
  const earlier = known.get(file);
  if (earlier !== undefined) return earlier;
  // A circle of imports comes back here: the one that is being looked at already will tell.
  known.set(file, false);
  const reaches = importsOf(root, file).some((imported) => imported.startsWith('test/') && reachesDatabase(root, imported, known));
  known.set(file, reaches);
  return reaches;
}

function importsOf(root: string, file: string): string[] {
  const absolute = path.join(root, file);
  if (!existsSync(absolute)) return [];
  const specifiers = [...readFileSync(absolute, 'utf8').matchAll(/\bfrom '(\.[^']+)'|\bimport\(?'(\.[^']+)'/g)];
  return specifiers.map(([, named, bare]) => path.posix.join(path.posix.dirname(file), named ?? bare ?? ''));
}
