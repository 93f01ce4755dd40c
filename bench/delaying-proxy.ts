import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../test/support/temporary.ts';

export interface DelayingProxy extends AsyncDisposable {
  readonly port: number;
}

/** Forwards a free port to another port of 127.0.0.1, and holds back what comes from there for so many milliseconds, as a long line would. */
export async function startDelayingProxy(target: number, milliseconds: number): Promise<DelayingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => setTimeout(() => client.writable && client.write(data), milliseconds));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
