import { chmodSync, rmSync } from 'node:fs';
import type { App } from '../app.ts';
import { type LocalListener, listenLocally } from '../http/https/local-listener.ts';
import { type LocalPlace, leaveLocalAccess, localSocketPaths, urlFromHere } from '../operators/local-access.ts';
import type { Services } from '../services.ts';

export interface CommandLineAccess {
  /** Lets nobody new in; resolves when the requests under way are answered. */
  close(): Promise<void>;
  /** Cuts those. */
  cut(): void;
}

/**
 * One process alone can open the embedded database: commands on this machine ask it. Over a socket, which needs neither a certificate that is good for
 * `127.0.0.1` nor an exception from HTTPS for whoever comes from there, such as a proxy on this machine.
 * @returns undefined: the database is another, and commands open it themselves.
 */
export async function letCommandLineIn({ http }: App, { config, localKey, log }: Services): Promise<CommandLineAccess | undefined> {
  if (config.database.kind !== 'embedded') return undefined;
  const { directory } = config.database;
  const socket = await openSocket({ http }, localSocketPaths(directory));
  const address = http.server.address();
  const place: LocalPlace | undefined =
    socket ?? (typeof address === 'object' && address ? { url: urlFromHere(address, config.http.tls !== undefined) } : undefined);
  if (place === undefined) return undefined;
  if (!socket) log.warn('no socket can be made for the commands of this machine; they come over the network');
  const forget = leaveLocalAccess(directory, { place, key: localKey });
  return {
    async close() {
      forget();
      await socket?.listener.close();
    },
    cut: () => socket?.listener.cut(),
  };
}

async function openSocket(
  { http }: Pick<App, 'http'>,
  paths: readonly string[],
): Promise<{ socketPath: string; listener: LocalListener } | undefined> {
  for (const socketPath of paths) {
    try {
      // What a killed process left behind; whoever holds the folder's lock may remove it.
      if (process.platform !== 'win32') rmSync(socketPath, { force: true });
      const listener = await listenLocally(http, socketPath);
      if (process.platform !== 'win32') chmodSync(socketPath, 0o600);
      return { socketPath, listener };
    } catch {
      // The next name.
    }
  }
  return undefined;
}
