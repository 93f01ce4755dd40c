import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { closeAfter, limitConnections } from '../connections.ts';

/** Connections over a socket of this machine's own, which no network sees. */
const localConnections = new WeakSet<Socket>();

/** @returns whether a request came over a local listener. Not asked by the address, which a connection that is gone has lost too. */
export function cameLocally({ socket }: IncomingMessage): boolean {
  return localConnections.has(socket);
}

export interface LocalListener {
  /** Accepts no new connections; resolves when the requests under way are answered. */
  close(): Promise<void>;
  /** Cuts them. */
  cut(): void;
}

/**
 * Accepts requests of this machine over a Unix socket as well, without TLS. The file system decides who may open it.
 * @param app is ready.
 * @throws the operating system's error where the socket cannot be made.
 */
export async function listenLocally(app: FastifyInstance, path: string): Promise<LocalListener> {
  // An import may take long, and a slow client here delays no other.
  const server = createServer({ requestTimeout: 0, requireHostHeader: false }, (request, response) => {
    // One request a connection: then closing has nothing to wait for but answers.
    closeAfter(response);
    app.routing(request, response);
  });
  limitConnections(server, { log: app.log });
  server.on('connection', (socket) => localConnections.add(socket));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  // A start that fails after this must end; the server itself keeps the process running.
  server.unref();
  return {
    close: () => new Promise((resolve) => server.close(() => resolve())),
    cut: () => server.closeAllConnections(),
  };
}
