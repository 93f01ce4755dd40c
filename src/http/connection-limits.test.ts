import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { openCertificateMaker, skipWithoutOpenssl } from '../../test/support/certificates.ts';
import { inTime } from '../../test/support/in-time.ts';
import { openSocket, parseAnswer, readToEnd } from '../../test/support/raw-http.ts';
import { createSampleApp } from '../../test/support/sample-http-app.ts';
import { temporaryFolder } from '../../test/support/temporary.ts';
import type { ConnectionLimits } from './connections.ts';
import { listenLocally } from './https/local-listener.ts';
import type { HttpServerOptions } from './server.ts';

/** Timeout in milliseconds, reached only by a hang. */
const patience = 30_000;
const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;

interface Opened {
  /** The streams that `/endless` and `/late-stream` have opened. */
  readonly streams: Readable[];
  /** The paths of the requests, in the order in which they reached a handler. */
  readonly reached: string[];
  /** Makes every `/waiting` and `/late-stream` answer. */
  release(): void;
}

async function open(context: TestContext, limits: Partial<ConnectionLimits> = {}, options: Partial<HttpServerOptions> = {}) {
  const streams: Readable[] = [];
  const reached: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const endless = (size: number) => {
    const stream = new Readable({ read: () => setImmediate(() => !stream.destroyed && stream.push('x'.repeat(size))) });
    streams.push(stream);
    return stream;
  };
  const sample = await createSampleApp(
    (app) => {
      app.get('/waiting', async ({ url }) => {
        reached.push(url);
        await released;
        return { waited: true };
      });
      app.post('/told', async ({ url }) => {
        reached.push(url);
        return { told: true };
      });
      app.get('/endless', (_request, reply) => reply.send(endless(64 * 1024)));
      app.get('/lines', (_request, reply) => reply.type('application/x-ndjson').send(endless(64)));
      app.get('/large', (_request, reply) => reply.send(Buffer.alloc(20_000_000)));
      app.get('/late-stream', async (_request, reply) => {
        reached.push('/late-stream');
        await released;
        return reply.send(endless(1_000));
      });
    },
    { connectionLimits: limits, ...options },
  );
  context.after(() => {
    release();
    sample.app.server.closeAllConnections();
    return sample.app.close();
  });
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  const opened: Opened = { streams, reached, release };
  return { ...sample, ...opened, port: (sample.app.server.address() as AddressInfo).port };
}

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + patience; !(await holds()); await delay(10)) assert.ok(Date.now() < end, what);
}

/** @returns everything received until the connection is closed. */
const readAll = (socket: Socket) => inTime(readToEnd(socket));

/** @param from one of this machine's loopback addresses: each is a network. */
function openFrom(port: number, from: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: from }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** @returns true if it is answered, false if it was closed. */
async function isServed(socket: Socket): Promise<boolean> {
  if (socket.closed || socket.readableEnded) return false;
  socket.on('error', () => undefined);
  socket.write(get('/healthz'));
  const [chunk] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [])]);
  return chunk !== undefined;
}

const openCount = ({ server }: { server: { getConnections(done: (error: Error | null, count: number) => void): unknown } }) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

test('eight requests may be in flight on a connection and are answered in order', async (context) => {
  const { port, release, reached } = await open(context);
  const socket = await openSocket(port);
  const everything = readAll(socket);
  const paths = Array.from({ length: 8 }, (_, at) => `/waiting?${at}`);
  socket.write(paths.map((path) => get(path)).join(''));
  await until(() => reached.length === 8, `${reached}`);
  release();
  socket.end();
  assert.equal((await everything).match(/\{"waited":true\}/g)?.length, 8);
  assert.deepEqual(reached, paths);
});

test('a ninth closes the connection; neither it nor later requests reach a handler', async (context) => {
  const { app, port, reached, lines } = await open(context);
  const socket = await openSocket(port);
  socket.write(get('/waiting').repeat(2_000));
  assert.equal(await readAll(socket), '');
  assert.equal(reached.length, 8);
  await until(async () => (await openCount(app)) === 0, 'still open');
  await until(() => lines.filter(({ aborted }) => aborted === true).length === 8, 'each of the eight is logged as aborted');
  assert.equal(lines.filter(({ msg }) => String(msg).includes('in flight')).length, 1);
});

test('a connection may have any number of requests in sequence, and eight again as soon as one is answered', async (context) => {
  const { port } = await open(context);
  const socket = await openSocket(port);
  let read = '';
  socket.on('data', (chunk) => {
    read += chunk;
  });
  socket.write(get('/healthz').repeat(8));
  for (let answered = 1; answered < 200; answered += 1) {
    await until(() => read.split('{"status":"ok"}').length > answered, 'closed');
    socket.write(get('/healthz'));
  }
  socket.destroy();
});

test('responses waiting for their turn release their streams when the connection closes', async (context) => {
  const { port, streams } = await open(context);
  for (const how of ['destroy', 'resetAndDestroy'] as const) {
    streams.length = 0;
    const socket = (await openSocket(port)).pause();
    socket.on('error', () => undefined);
    socket.write(get('/endless').repeat(8));
    await until(() => streams.length === 8, `${streams.length}`);
    socket[how]();
    await until(() => streams.every(({ destroyed }) => destroyed), how);
  }
});

test('a stream that begins after the connection has closed is released too', async (context) => {
  const { app, port, streams, reached, release } = await open(context);
  const socket = await openSocket(port);
  socket.write(get('/late-stream').repeat(5));
  await until(() => reached.length === 5, `${reached}`);
  socket.resetAndDestroy();
  await until(async () => (await openCount(app)) === 0, 'still open');
  release();
  await until(() => streams.length === 5 && streams.every(({ destroyed }) => destroyed), `${streams.map(({ destroyed }) => destroyed)}`);
});

for (const path of ['/endless', '/lines', '/large']) {
  test(`a client that does not read is cut off: ${path}`, async (context) => {
    const { app, port, streams, lines } = await open(context, { stalledWrite: 300 });
    const socket = (await openSocket(port)).pause();
    socket.on('error', () => undefined);
    socket.write(get(path).repeat(2));
    await until(() => lines.some(({ msg }) => String(msg).includes('did not read')), 'not cut off');
    await until(async () => (await openCount(app)) === 0, 'still open');
    await until(() => streams.every(({ destroyed }) => destroyed), 'not let go');
  });
}

test('sending data meanwhile does not keep a client connected', async (context) => {
  const { port, lines } = await open(context, { stalledWrite: 500 });
  const socket = (await openSocket(port)).pause();
  socket.on('error', () => undefined);
  socket.write(get('/endless'));
  const sending = setInterval(() => socket.write(get('/healthz')), 200);
  await until(() => lines.some(({ msg }) => String(msg).startsWith('connections closed')), 'not cut off');
  clearInterval(sending);
  assert.match(JSON.stringify(lines), /did not read/);
  socket.destroy();
});

test('a client that reads slowly is not cut off', async (context) => {
  const { port } = await open(context, { stalledWrite: 400 });
  const socket = (await openSocket(port)).pause();
  socket.write(get('/large', 'Connection: close\r\n'));
  let read = 0;
  // 20 MB, a part of it every 50 ms: six times as long as the limit.
  while (!socket.readableEnded) {
    const chunk: Buffer | null = socket.read(400_000) ?? socket.read();
    if (chunk) read += chunk.length;
    assert.ok(!socket.errored, String(socket.errored));
    await delay(50);
  }
  assert.ok(read > 20_000_000, `${read}`);
});

test('a client that waits long for a response in progress is not cut off', async (context) => {
  const { port, release } = await open(context, { stalledWrite: 200 });
  const socket = await openSocket(port);
  const everything = readAll(socket);
  socket.write(get('/waiting', 'Connection: close\r\n'));
  await delay(800);
  release();
  assert.match(await everything, /\{"waited":true\}/);
});

test('over TLS, too: nine requests, a client that does not read, and one that sends FIN', { skip: skipWithoutOpenssl }, async (context) => {
  const maker = openCertificateMaker();
  context.after(() => maker.remove());
  const { cert, keyText: key } = maker.make('limits');
  const { port, streams, release, reached } = await open(context, { stalledWrite: 300, ofNetwork: 20 }, { tls: { cert, key } });
  const secureSocket = async (allowHalfOpen = false) => {
    const socket = connectSecurely({ socket: connect({ port, host: '127.0.0.1', allowHalfOpen }), rejectUnauthorized: false });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  };
  const crowd = await secureSocket();
  crowd.write(get('/waiting').repeat(9));
  await readAll(crowd);
  assert.equal(reached.length, 8);
  const stalled = (await secureSocket()).pause();
  stalled.write(get('/endless').repeat(3));
  await until(() => streams.length === 3, 'not begun');
  await until(() => streams.every(({ destroyed }) => destroyed), 'not let go');
  const ended = await secureSocket(true);
  const answers = readAll(ended);
  ended.end(get('/waiting').repeat(3));
  await until(() => reached.length === 11, `${reached.length}`);
  release();
  assert.equal((await answers).match(/\{"waited":true\}/g)?.length, 3);
  // Each must be released: otherwise the network would be full by now.
  for (let time = 0; time < 40; time += 1) {
    const socket = await secureSocket();
    socket.write(get('/healthz', 'Connection: close\r\n'));
    assert.match(await readAll(socket), /200 OK/);
  }
});

test('over a Unix socket, too', { skip: process.platform === 'win32' }, async (context) => {
  const { app, streams, reached } = await open(context);
  const folder = temporaryFolder('limits');
  context.after(folder.remove);
  const path = `${folder.path}/socket`;
  const listener = await listenLocally(app, path);
  const locally = async () => {
    const socket = connect(path);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };
  const crowd = await locally();
  crowd.write(get('/waiting').repeat(2_000));
  assert.equal(await readAll(crowd), '');
  assert.equal(reached.length, 1, 'the first response closes the connection, so nothing after it is a request');
  const left = (await locally()).pause();
  left.write(get('/endless'));
  await until(() => streams.length === 1, 'not begun');
  left.destroy();
  await until(() => streams.every(({ destroyed }) => destroyed), 'not let go');
  await listener.close();
});

test('a client that sends FIN after its requests gets every response and is then closed', async (context) => {
  const { app, port, release, reached } = await open(context);
  const accepted = once(app.server, 'connection');
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const everything = readAll(socket);
  const [atServer] = await accepted;
  const ended = once(atServer, 'end');
  socket.end(get('/waiting').repeat(5));
  await ended;
  assert.equal(reached.length, 5);
  release();
  assert.equal((await everything).match(/\{"waited":true\}/g)?.length, 5);
  const idle = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  idle.end();
  assert.equal(await readAll(idle), '');
  await until(async () => (await openCount(app)) === 0, 'still open');
});

test('a client that sends FIN and never reads is cut off like any other', async (context) => {
  const { app, port, streams } = await open(context, { stalledWrite: 300 });
  for (let time = 0; time < 20; time += 1) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause();
    socket.on('error', () => undefined);
    socket.end(get('/endless').repeat(3));
  }
  await until(() => streams.length === 60, `${streams.length}`);
  await until(async () => (await openCount(app)) === 0, 'still open');
  await until(() => streams.every(({ destroyed }) => destroyed), 'not let go');
});

test("at a network's connection limit its longest idle connection is closed; other networks are not affected", async (context) => {
  const { app, port, lines } = await open(context, { ofNetwork: 5 });
  const other = await openFrom(port, '127.0.0.9');
  const own = [];
  for (let number = 0; number < 5; number += 1) own.push(await openFrom(port, '127.0.0.2'));
  await until(async () => (await openCount(app)) === 6, 'not open');
  // The first has just been used, so the second has been idle the longest.
  assert.ok(await isServed(own[0] as Socket));
  const newcomer = await openFrom(port, '127.0.0.2');
  assert.ok(await isServed(newcomer));
  assert.deepEqual(await Promise.all([...own, other].map(isServed)), [true, false, true, true, true, true]);
  assert.equal(await openCount(app), 6);
  assert.equal(lines.filter(({ msg }) => String(msg).includes('TRUST_PROXY')).length, 1);
  assert.ok(!JSON.stringify(lines).includes('127.0.0.2'), 'no address is logged');
});

test("if all its connections have requests in flight, the network's new connection is closed and none of the others", async (context) => {
  const { port, reached, release } = await open(context, { ofNetwork: 3 });
  const busy = await Promise.all(Array.from({ length: 3 }, () => openFrom(port, '127.0.0.2')));
  const answers = busy.map(readAll);
  for (const socket of busy) socket.write(get('/waiting', 'Connection: close\r\n'));
  await until(() => reached.length === 3, `${reached}`);
  assert.equal(await isServed(await openFrom(port, '127.0.0.2')), false);
  assert.equal(await isServed(await openFrom(port, '127.0.0.3')), true);
  release();
  for (const answer of await Promise.all(answers)) assert.match(answer, /\{"waited":true\}/);
  assert.equal(await isServed(await openFrom(port, '127.0.0.2')), true, 'there is room again');
});

test('a trusted proxy has no connection limit, nor has any peer if proxies are counted by hops', async (context) => {
  for (const trustedProxies of [['127.0.0.2'], 1] as const) {
    const { app, port } = await open(context, { ofNetwork: 3 }, { trustedProxies });
    const sockets = await Promise.all(Array.from({ length: 12 }, () => openFrom(port, '127.0.0.2')));
    assert.deepEqual(new Set(await Promise.all(sockets.map(isServed))), new Set([true]));
    assert.equal(await openCount(app), 12);
  }
});

test('an untrusted peer counts by its own address, whatever it forwards', async (context) => {
  const { app, port } = await open(context, { ofNetwork: 3 }, { trustedProxies: ['10.0.0.0/8'] });
  for (let number = 0; number < 12; number += 1) {
    const socket = await openFrom(port, '127.0.0.2');
    socket.write(get('/healthz', `X-Forwarded-For: 10.0.0.${number}\r\n`));
    await once(socket, 'data');
  }
  assert.ok((await openCount(app)) <= 3);
});

test('when all connections are taken, the longest idle one is closed, whatever its network', async (context) => {
  const { app, port, lines } = await open(context, { total: 6, ofNetwork: 3 });
  const sockets = [];
  for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6', '127.0.0.7'])
    sockets.push(await openFrom(port, from));
  await until(async () => (await openCount(app)) === 6, 'not open');
  assert.ok(await isServed(sockets[0] as Socket));
  for (const from of ['127.0.0.8', '127.0.0.9']) assert.ok(await isServed(await openFrom(port, from)), 'the newcomer is served');
  assert.deepEqual(await Promise.all(sockets.map(isServed)), [true, false, false, true, true, true]);
  assert.equal(await openCount(app), 6);
  assert.equal(lines.filter(({ msg }) => String(msg).includes('too many are open')).length, 1);
});

test('closed connections are no longer counted', async (context) => {
  const { app, port } = await open(context, { ofNetwork: 4 });
  for (let round = 0; round < 30; round += 1) {
    const sockets = await Promise.all(Array.from({ length: 4 }, () => openFrom(port, '127.0.0.2')));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      if (round % 3 === 0) socket.write(get('/healthz'));
      if (round % 3 === 1) socket.write('GET / HT');
      socket.resetAndDestroy();
    }
    await until(async () => (await openCount(app)) === 0, 'still open');
  }
  const sockets = await Promise.all(Array.from({ length: 4 }, () => openFrom(port, '127.0.0.2')));
  assert.deepEqual(await Promise.all(sockets.map(isServed)), [true, true, true, true]);
});

const hidden = get('/waiting?hidden');
const post = (fields: string, body: string) =>
  `POST /told?shown HTTP/1.1\r\nHost: x\r\n${fields}Content-Length: ${body.length}\r\nContent-Type: application/json\r\n\r\n${body}`;

for (const [what, first, second] of [
  [
    'the body of a request after an Upgrade',
    `${get('/healthz', 'Connection: Upgrade\r\nUpgrade: foo\r\n')}${post('', hidden).slice(0, -hidden.length)}`,
    hidden,
  ],
  [
    'a request after an Upgrade',
    get('/healthz', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'),
    hidden,
  ],
  [
    'a request after an Upgrade to h2c',
    get('/healthz', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    hidden,
  ],
  ['a request after an Upgrade that Connection does not name', get('/healthz', 'Upgrade: foo\r\n'), hidden],
  ['a request after a body with an Upgrade', post('Connection: upgrade\r\nUpgrade: h2c\r\n', '{}'), hidden],
  ['a request after one with two hosts', get('/healthz', 'Host: y\r\n'), hidden],
  ['a request behind Connection: close', get('/healthz', 'Connection: close\r\n'), hidden],
  ['a request after an HTTP/1.0 request', 'GET /healthz HTTP/1.0\r\n\r\n', hidden],
  ['a request behind CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', hidden],
  ['a request behind PRI', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', hidden],
] as const) {
  test(`${what} is never read as a request: in the same packet, in the next, and byte by byte`, async (context) => {
    const { port, reached } = await open(context);
    for (const pieces of [[first + second], [first, second], [first, ...second]]) {
      const socket = (await openSocket(port)).setNoDelay();
      socket.on('error', () => undefined);
      const everything = readAll(socket);
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const text = await everything;
      assert.ok((text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0) <= 1, text);
      if (/Upgrade/.test(first)) assert.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n/i);
    }
    assert.deepEqual(
      reached.filter((url) => url.includes('hidden')),
      [],
    );
  });
}

test('a request with an Upgrade and a body is answered as if it had no Upgrade, even if its body comes later', async (context) => {
  const { port, reached } = await open(context);
  for (const fields of [
    'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
    'Connection: upgrade\r\n',
  ]) {
    const bytes = post(fields, '{"a":1}');
    for (const at of [bytes.length, bytes.length - 7, bytes.length - 3, 20]) {
      const socket = (await openSocket(port)).setNoDelay();
      const everything = readAll(socket);
      socket.write(bytes.slice(0, at));
      await delay(20);
      socket.write(bytes.slice(at));
      if (!fields.includes('h2c')) socket.end();
      const { status, body } = parseAnswer(await everything);
      assert.deepEqual([status, body], [200, '{"told":true}'], fields + at);
    }
  }
  assert.equal(reached.length, 8);
});

test('no more requests may follow an Upgrade than may be in flight', async (context) => {
  const { app, port, reached } = await open(context);
  const socket = await openSocket(port);
  socket.write(get('/waiting', 'Upgrade: foo\r\n'));
  await until(() => reached.length === 1, 'not begun');
  for (let time = 0; time < 20; time += 1) socket.write(get('/waiting').repeat(20));
  assert.equal(await readAll(socket), '');
  assert.equal(reached.length, 1);
  await until(async () => (await openCount(app)) === 0, 'still open');
});

test('unreadable input after requests in flight does not replace their responses', async (context) => {
  const { port, release, reached } = await open(context);
  for (const bad of [
    'garbage\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n',
    `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  ]) {
    reached.length = 0;
    const socket = await openSocket(port);
    const everything = readAll(socket);
    socket.write(get('/waiting').repeat(2) + bad);
    await until(() => reached.length === 2, `${reached}`);
    setTimeout(release, 50);
    const text = await everything;
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status),
      ['200', '200'],
      text,
    );
  }
  const socket = await openSocket(port);
  socket.write(`${get('/lines')}CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n`);
  assert.ok(!/ 400 /.test(await readAll(socket)));
});
