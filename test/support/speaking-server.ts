import { type AddressInfo, createServer } from 'node:net';
import type { TestContext } from 'node:test';

/** What a PostgreSQL server sends when it admits a client without a password and waits for a statement (PostgreSQL, "Message Formats"). */
export const welcome = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))]);

/**
 * What it says before it ends a connection.
 * @param code SQLSTATE.
 */
export function farewell(code: string): Buffer {
  return message('E', Buffer.from(['SFATAL', 'VFATAL', `C${code}`, 'Mterminating connection', '', ''].join('\0')));
}

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

/**
 * A server that sends one reply for each message it receives, and closes the connection after the last.
 * @param sentences in their order.
 * @returns its URL, as a DATABASE_URL.
 */
export async function startSpeakingServer(t: TestContext, sentences: readonly Buffer[]): Promise<string> {
  const server = createServer((socket) => {
    const left = [...sentences];
    socket.on('error', () => {});
    socket.on('data', () => {
      const next = left.shift();
      if (!next) return;
      if (left.length === 0) socket.end(next);
      else socket.write(next);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `postgresql://user:word@127.0.0.1:${(server.address() as AddressInfo).port}/database?sslmode=disable`;
}
