import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from '../app.ts';
import { socketFolders } from '../database/embedded-lock.ts';
import { type LocalListener, listenLocally } from '../http/https/local-listener.ts';
import { leaveLocalAccess } from '../operators/local-access.ts';
import type { Services } from '../services.ts';

/** In `DATA_DIR`, or where `socketFolders` says. */
const localSocketName = '.local-operator.sock';

export interface CommandLineAccess {
  /** Accepts no more connections; resolves when the requests in flight are answered. */
  close(): Promise<void>;
  /** Closes those connections. */
  cut(): void;
}

/** The socket of a process for the commands of its machine. */
export interface CommandLineSocket {
  readonly socketPath: string;
  readonly listener: LocalListener;
}

/**
 * Commands on this machine ask the process that has the embedded database open. They come over a socket: over TCP they would need a certificate for
 * `127.0.0.1`, or an exception from HTTPS that a proxy on this machine would get as well.
 * @returns undefined for PostgreSQL: commands open that themselves.
 * @throws the operating system's error where no socket can be made.
 */
export async function openCommandLineSocket({ http }: App, { config }: Services): Promise<CommandLineSocket | undefined> {
  if (config.database.kind !== 'embedded') return undefined;
  await http.ready();
  let failure: unknown;
  for (const folder of socketFolders(config.database.directory)) {
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

/** The socket is its owner's alone from the moment on in which it is there; it is made before `listen` returns. */
function listenForOwner(http: App['http'], socketPath: string): Promise<LocalListener> {
  const mask = process.umask(0o177);
  try {
    return listenLocally(http, socketPath);
  } finally {
    process.umask(mask);
  }
}

/** Leaves the file by which commands find the socket, now that the server listens. */
export function letCommandLineIn({ config, localKey }: Services, socket: CommandLineSocket | undefined): CommandLineAccess | undefined {
  if (config.database.kind !== 'embedded' || socket === undefined) return undefined;
  const { socketPath, listener } = socket;
  const forget = leaveLocalAccess(config.database.directory, { place: { socketPath }, key: localKey });
  return {
    async close() {
      forget();
      await listener.close();
    },
    cut: () => listener.cut(),
  };
}
