import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { cleanUpAtExit, temporaryFolder } from './temporary.ts';

/** A separate file system, small enough for a test to fill. */
export interface SmallDisk {
  readonly directory: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  makeRoom(): void;
  [Symbol.dispose](): void;
}

/** @returns why it cannot be created here; undefined if it can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can mount a file system';
  try {
    smallDisk(1)[Symbol.dispose]();
    return undefined;
  } catch {
    return 'this machine does not allow mounting a file system';
  }
}

export function smallDisk(megabytes: number): SmallDisk {
  const folder = temporaryFolder('disk');
  const mounted = path.join(folder.path, 'mounted');
  mkdirSync(mounted);
  // PostgreSQL runs as another user.
  chmodSync(folder.path, 0o755);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', mounted], { stdio: 'pipe' });
  const unmount = () => execFileSync('umount', ['-l', mounted], { stdio: 'pipe' });
  const forget = cleanUpAtExit(unmount);
  const ballast = path.join(mounted, 'ballast');
  return {
    directory: mounted,
    fill: () => fillWith(ballast),
    makeRoom: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      forget();
      unmount();
      folder.remove();
    },
  };
}

function fillWith(file: string): void {
  const handle = openSync(file, 'a');
  writeUntilFull(handle, 2 ** 20);
  writeUntilFull(handle, 4096);
  closeSync(handle);
}

function writeUntilFull(handle: number, size: number): void {
  const block = Buffer.alloc(size);
  try {
    while (writeSync(handle, block) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
