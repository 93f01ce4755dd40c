import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';

const leftovers = new Set<() => unknown>();
let watching = false;

/**
 * Registers clean-up that must happen even if a test process ends early: an exception, `process.exit`, Ctrl-C.
 * @param work synchronous; runs at most once.
 * @returns a function that takes the registration back, for when the work was done in good order.
 */
export function cleanUpAtExit(work: () => unknown): () => void {
  exitOnSignals();
  leftovers.add(work);
  return () => void leftovers.delete(work);
}

/**
 * A new empty folder under the system's folder for temporary files.
 * @returns its path and `remove`; the rest is removed when the process ends.
 */
export function temporaryFolder(name: string): { path: string; remove(): void } {
  let folder: string | undefined;
  // A process that is being killed may still write: remove again what it wrote.
  const removeFolder = () => folder && rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  // Before there is a folder: a signal between the two would leave it behind.
  const forget = cleanUpAtExit(removeFolder);
  folder = mkdtempSync(path.join(tmpdir(), `chodae-${name}-`));
  const remove = () => {
    forget();
    removeFolder();
  };
  return { path: folder, remove };
}

/** @returns a TCP port of 127.0.0.1 that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('A TCP server has no port.');
  return address.port;
}

function exitOnSignals(): void {
  if (watching) return;
  watching = true;
  process.on('exit', cleanUp);
  // The test runner that reads this is gone, and node:test would end the process without the event `exit`.
  process.stdout.on('error', () => {
    cleanUp();
    process.exit(1);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Not `once`: a second signal would then end the process in the middle of its cleaning up.
    process.on(signal, () => {
      // Another listener handles the signal and will end the process in good order.
      if (process.listenerCount(signal) > 1) return;
      // Now, not on `exit`: node:test reports first there, and fails if its reader is already gone.
      cleanUp();
      process.exit(128 + constants.signals[signal]);
    });
  }
}

function cleanUp(): void {
  // Last started, first ended: a pooler before its server, a server before its folder.
  for (const work of [...leftovers].reverse()) {
    leftovers.delete(work);
    try {
      work();
    } catch (error) {
      // One that cannot be ended must not keep the others.
      console.error(error);
    }
  }
}
