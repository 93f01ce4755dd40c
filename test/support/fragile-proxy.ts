import { connect, createServer, type Socket } from 'node:net';
import { freePort } from './temporary.ts';

/** A way to a TCP server that can fail. */
export interface FragileProxy {
  readonly host: string;
  readonly port: number;
  /** As a stopped machine or a silent network does: nothing is closed, nothing comes. `false`: everything comes after all. */
  freeze(frozen: boolean): void;
  /** Destroys the connections of this moment. */
  cut(): void;
  stop(): void;
}

/** Forwards a free port of 127.0.0.1 to the target. */
export async function startFragileProxy(target: { readonly host: string; readonly port: number }): Promise<FragileProxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const forward = (from: Socket, to: Socket) => {
    sockets.add(from);
    if (isFrozen) from.pause();
    from.on('data', (data) => to.write(data));
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    forward(client, upstream);
    forward(upstream, client);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: '127.0.0.1',
    port,
    freeze(frozen) {
      isFrozen = frozen;
      for (const socket of sockets) frozen ? socket.pause() : socket.resume();
    },
    cut,
    stop() {
      server.close();
      cut();
    },
  };
}
