import type { Server, Socket } from 'node:net';

/**
 * Follows the connections of a server with TLS that have not finished their handshake. The server waits for them when it closes, and nothing of
 * HTTP knows them.
 * @returns cuts them, and every later one.
 */
export function followHandshakes(server: Server): () => void {
  const unfinished = new Map<string, Socket>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    if (closing) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    unfinished.set(name, socket);
    socket.once('close', () => {
      if (unfinished.get(name) === socket) unfinished.delete(name);
    });
  });
  // The secured socket is another object; both have the same peer.
  server.on('secureConnection', (socket: Socket) => unfinished.delete(nameOf(socket)));
  return () => {
    closing = true;
    for (const socket of unfinished.values()) socket.destroy();
  };
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
