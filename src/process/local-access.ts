import { rmSync } from 'node:fs';
import type { App } from '../app.ts';
import { type LocalListener, listenLocally } from '../http/https/local-listener.ts';
import { leaveLocalAccess, localSocketPaths, urlFromHere } from '../operators/local-access.ts';
import type { Services } from '../services.ts';

export interface CommandLineAccess {
  /** Lets nobody new in; resolves when the requests under way are answered. */
  close(): Promise<void>;
  /** Cuts those. */
  cut(): void;
}

/** The socket of a process for the commands of its machine. */
export interface CommandLineSocket {
  readonly socketPath: string;
  readonly listener: LocalListener;
}

/**
 * One process alone can open the embedded database: commands on this machine ask it. Over a socket, which needs neither a certificate that is good for
 * `127.0.0.1` nor an exception from HTTPS for whoever comes from there, such as a proxy on this machine.
 * @returns undefined where no socket can be made, or where commands open the database themselves.
 */
export async function openCommandLineSocket({ http }: App, { config, log }: Services): Promise<CommandLineSocket | undefined> {
  if (config.database.kind !== 'embedded') return undefined;
  await http.ready();
  for (const socketPath of localSocketPaths(config.database.directory)) {
    try {
      // What a killed process left behind; whoever holds the folder's lock may remove it.
      if (process.platform !== 'win32') rmSync(socketPath, { force: true });
      return { socketPath, listener: await listenForOwner(http, socketPath) };
    } catch {
      // The next name.
    }
  }
  log.warn('no socket can be made for the commands of this machine; they come over the network');
  return undefined;
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

/** Tells commands the way in, now that the server listens: the socket, or its address where there is none. @returns undefined: they need none. */
export function letCommandLineIn(
  { http }: App,
  { config, localKey }: Services,
  socket: CommandLineSocket | undefined,
): CommandLineAccess | undefined {
  const address = http.server.address();
  if (config.database.kind !== 'embedded' || typeof address !== 'object' || address === null) return undefined;
  const place = socket ? { socketPath: socket.socketPath } : { url: urlFromHere(address, config.http.tls !== undefined) };
  const forget = leaveLocalAccess(config.database.directory, { place, key: localKey });
  return {
    async close() {
      forget();
      await socket?.listener.close();
    },
    cut: () => socket?.listener.cut(),
  };
}
