import { connect, createServer, type Socket } from 'node:net';
import { freePort } from './temporary.ts';

/** Which message a connection is cut at: the n-th (from 1) of one direction since `arm`, just before or just after it was passed on. */
export interface Cut {
  readonly direction: 'to the server' | 'to the client';
  readonly message: number;
  readonly when: 'before' | 'after';
}

/** A way to a PostgreSQL server that knows where its messages end. */
export interface MessageCutter {
  readonly port: number;
  /** Closes all connections and begins to count anew; a message counts whichever connection it is on. */
  arm(cut: Cut): void;
  /** Whether the message came, and the connection was cut. */
  readonly hasCut: boolean;
  stop(): void;
}

/**
 * Forwards a free port of 127.0.0.1 message by message: one byte of type and an int32 of length, but for the client's first, which has no type
 * (PostgreSQL manual, "Message Formats"). Without TLS.
 */
export async function startMessageCutter(target: { readonly host: string; readonly port: number }): Promise<MessageCutter> {
  const sockets = new Set<Socket>();
  let armed: Cut | undefined;
  let counted = 0;

  function forward(from: Socket, to: Socket, direction: Cut['direction']): void {
    let buffer = Buffer.alloc(0);
    let hasType = direction === 'to the client';
    sockets.add(from);
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      to.destroySoon();
    });
    from.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      for (let size = messageSize(buffer, hasType); size !== undefined; size = messageSize(buffer, hasType)) {
        const message = buffer.subarray(0, size);
        buffer = buffer.subarray(size);
        hasType = true;
        const cut = armed?.direction === direction && ++counted === armed.message ? armed : undefined;
        if (cut?.when !== 'before' && to.writable) to.write(message);
        if (!cut) continue;
        armed = undefined;
        // What was passed on arrives; then both sides see the end.
        to.end();
        from.destroy();
        return;
      }
    });
  }

  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    client.setNoDelay();
    upstream.setNoDelay();
    forward(client, upstream, 'to the server');
    forward(upstream, client, 'to the client');
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const closeAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    arm(cut) {
      closeAll();
      armed = cut;
      counted = 0;
    },
    get hasCut() {
      return armed === undefined;
    },
    stop() {
      server.close();
      closeAll();
    },
  };
}

/** @returns bytes of the first message; undefined: not all of it is there. */
function messageSize(buffer: Buffer, hasType: boolean): number | undefined {
  const head = hasType ? 5 : 4;
  if (buffer.length < head) return undefined;
  const size = buffer.readInt32BE(head - 4) + (hasType ? 1 : 0);
  return buffer.length < size ? undefined : size;
}
