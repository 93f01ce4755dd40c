import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';

/** A user of the machine, as `child_process.spawn` wants it. */
export interface MachineUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL and PgBouncer refuse to run as root, which is who tests are in most containers.
 * @returns the user to run them as instead, or nothing where this process is not root.
 */
export function unprivilegedUser(): MachineUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('Running as root, and the machine has neither a user postgres nor a user nobody to run a database.');
}

/** Gives a file or folder to the user, if there is one. */
export function giveTo(user: MachineUser | undefined, file: string): void {
  if (user) chownSync(file, user.uid, user.gid);
}

function idOf(name: string, flag: '-u' | '-g'): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return undefined;
  }
}
