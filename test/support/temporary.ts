import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const leftovers = new Set<() => void>();
let watching = false;

/**
 * Registers work that must happen even where a test process ends early: an exception, `process.exit`, Ctrl-C.
 * @param work synchronous; runs at most once.
 * @returns a function that takes the registration back, for when the work was done in good order.
 */
export function cleanUpAtExit(work: () => void): () => void {
  if (!watching) watch();
  leftovers.add(work);
  return () => void leftovers.delete(work);
}

/**
 * A new empty folder under the system's folder for temporary files.
 * @returns its path and `remove`; what is still there when the process ends is removed then.
 */
export async function temporaryFolder(name: string): Promise<{ path: string; remove(): void }> {
  const folder = await mkdtemp(path.join(tmpdir(), `chodae-${name}-`));
  // A process that is just being killed may still write: removing again finds what it wrote.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  const forget = cleanUpAtExit(remove);
  return {
    path: folder,
    remove: () => {
      forget();
      remove();
    },
  };
}

/** @returns a TCP port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('A TCP server has no port.');
  return address.port;
}

function watch(): void {
  watching = true;
  process.on('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      // Somebody else handles the signal too and will end the process in good order.
      if (process.listenerCount(signal) > 0) return;
      cleanUp();
      process.kill(process.pid, signal);
    });
  }
}

function cleanUp(): void {
  // Last started, first ended: a pooler before its server, a server before its folder.
  for (const work of [...leftovers].reverse()) {
    leftovers.delete(work);
    work();
  }
}
