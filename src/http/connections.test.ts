import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openSocket, readToEnd } from '../../test/support/raw-http.ts';
import { createSampleApp } from '../../test/support/sample-http-app.ts';

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

async function listening(context: TestContext) {
  const sample = await createSampleApp((app) => {
    app.get('/slow', async () => {
      await delay(300);
      return { slow: true };
    });
    app.get('/drip', (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/plain' });
      reply.raw.write('begin ');
      setTimeout(() => reply.raw.end('end'), 300);
    });
  });
  context.after(() => sample.app.close());
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  return { ...sample, port: (sample.app.server.address() as AddressInfo).port };
}

/** @returns how long the server took to close, in milliseconds. */
async function closed(close: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await close();
  return performance.now() - before;
}

test('closing ends idle connections', async (context) => {
  const { app, port } = await listening(context);
  const never = await openSocket(port);
  const used = await openSocket(port);
  used.write(get('/healthz'));
  const half = await openSocket(port);
  half.write('GET /healthz HT');
  await delay(100);
  const ends = [never, used, half].map(readToEnd);
  assert.ok((await closed(() => app.close())) < 8_000);
  await Promise.all(ends);
});

test('closing waits for requests in flight, answers them and ends their connections', async (context) => {
  const { app, port, lines } = await listening(context);
  const slow = await openSocket(port);
  slow.write(get('/slow'));
  const drip = await openSocket(port);
  drip.write(get('/drip'));
  await delay(100);
  const answers = Promise.all([slow, drip].map(readToEnd));
  const milliseconds = await closed(() => app.close());
  assert.ok(milliseconds > 100 && milliseconds < 8_000, `${milliseconds}`);
  const [slowAnswer = '', dripAnswer = ''] = await answers;
  assert.match(slowAnswer, /200 OK[\s\S]*Connection: close[\s\S]*\{"slow":true\}/i);
  assert.match(dripAnswer, /begin [\s\S]*end/);
  assert.ok(!lines.some((line) => Number(line.level) > 30));
});

test('no new connection is accepted during the close', async (context) => {
  const { app, port } = await listening(context);
  const socket = await openSocket(port);
  socket.write(get('/slow'));
  await delay(100);
  const answers = readToEnd(socket);
  const closing = app.close();
  while (app.server.listening) await delay(1);
  await assert.rejects(openSocket(port), { code: 'ECONNREFUSED' });
  await closing;
  assert.match(await answers, /\{"slow":true\}/);
});

test('after ten thousand requests a connection is closed with the last response', async (context) => {
  const { port } = await listening(context);
  const socket = await openSocket(port);
  const everything = readToEnd(socket);
  let read = '';
  socket.on('data', (chunk) => {
    read += chunk.toString('latin1');
  });
  for (let sent = 0; sent < 10_000; sent += 8) {
    read = '';
    socket.write(get('/healthz').repeat(8));
    while (read.split('HTTP/1.1 200 OK').length <= 8) await once(socket, 'data');
  }
  const answers = await everything;
  assert.equal(answers.match(/HTTP\/1\.1 200 OK/g)?.length, 10_000);
  assert.equal(answers.match(/^connection: close/gim)?.length, 1);
});
