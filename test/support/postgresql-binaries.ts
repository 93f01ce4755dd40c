import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Looks for the machine's own PostgreSQL server programs: Debian's folders (newest first), `pg_config`, Red Hat's, Homebrew's.
 * @returns the folder that holds `postgres` and `initdb`, or nothing.
 */
export function findPostgresqlBinaries(): string | undefined {
  const candidates = [
    ...versionFolders('/usr/lib/postgresql', /^(\d+)$/),
    ...askPgConfig(),
    ...versionFolders('/usr', /^pgsql-(\d+)$/),
    ...versionFolders('/opt/homebrew/opt', /^postgresql@(\d+)$/),
    ...versionFolders('/usr/local/opt', /^postgresql@(\d+)$/),
  ];
  return candidates.find((folder) => ['postgres', 'initdb'].every((program) => existsSync(path.join(folder, program))));
}

function versionFolders(parent: string, name: RegExp): string[] {
  if (!existsSync(parent)) return [];
  const versionOf = (entry: string) => Number(name.exec(entry)?.[1]);
  const entries = readdirSync(parent).filter((entry) => name.test(entry));
  return entries.sort((a, b) => versionOf(b) - versionOf(a)).map((entry) => path.join(parent, entry, 'bin'));
}

function askPgConfig(): string[] {
  try {
    return [execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()];
  } catch {
    return [];
  }
}
