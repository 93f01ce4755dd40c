import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../app.ts';
import { socketFolders } from '../database/embedded-lock.ts';
import { type LocalListener, listenLocally } from '../http/https/local-listener.ts';
import { leaveLocalAccess } from '../operators/local-access.ts';
import type { Services } from '../services.ts';

/** In `DATA_DIR`, or where `socketFolders` says. */
const localSocketName = '.local-operator.sock';

/** The socket for commands of this machine. */
export interface CommandSocket extends AsyncDisposable {
  /** Leaves the file by which commands find the socket. */
  announce(): void;
  /** Accepts no more connections; resolves when the requests in flight are answered. */
  close(): Promise<void>;
  /** Closes those connections. */
  cut(): void;
}

/**
 * Commands on this machine ask the process that has the embedded database open. They come over a socket: over TCP they would need a certificate for
 * `127.0.0.1`, or an exception from HTTPS that a proxy on this machine would get as well.
 * @returns undefined for PostgreSQL: commands open that themselves.
 * @throws the operating system's error where no socket can be made.
 */
export async function openCommandSocket({ http }: App, { config, localKey }: Services): Promise<CommandSocket | undefined> {
  if (config.database.kind !== 'embedded') return undefined;
  const { directory } = config.database;
  await http.ready();
  const { socketPath, listener } = await listenIn(http, socketFolders(directory));
  let forget = () => {};
  const close = async () => {
    forget();
    await listener.close();
  };
  return {
    announce() {
      forget = leaveLocalAccess(directory, { place: { socketPath }, key: localKey });
    },
    close,
    cut: () => listener.cut(),
    [Symbol.asyncDispose]: close,
  };
}

async function listenIn(http: App['http'], folders: readonly string[]): Promise<{ socketPath: string; listener: LocalListener }> {
  let failure: unknown;
  for (const folder of folders) {
    const socketPath = join(folder, localSocketName);
    try {
      // Left by a killed process: this one holds the folder's lock.
      rmSync(socketPath, { force: true });
      return { socketPath, listener: await listenForOwner(http, socketPath) };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** The socket is its owner's alone from its beginning: it is made before `listen` returns. */
function listenForOwner(http: App['http'], socketPath: string): Promise<LocalListener> {
  const mask = process.umask(0o177);
  try {
    return listenLocally(http, socketPath);
  } finally {
    process.umask(mask);
  }
}
