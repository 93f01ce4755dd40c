import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openSocket, parseAnswer, readToEnd } from '../../test/support/raw-http.ts';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
let port = 0;
const seenGone: boolean[] = [];
before(async () => {
  sample = await createSampleApp(
    (app) => {
      app.get('/slow', async () => {
        await delay(300);
        return { ok: true };
      });
      app.get('/late', async (request, reply) => {
        if ('leaves' in (request.query as object)) await once(reply.raw, 'close');
        seenGone.push(request.deadline.gone.aborted);
        return {};
      });
      app.put('/waits-for-the-end', async (_, reply) => {
        await once(reply.raw, 'close');
        return {};
      });
    },
    { connectionLimits: { ofNetwork: 1_000 } },
  );
  // The real limits are 10 and 20 seconds; the behaviour at their end is the same.
  Object.assign(sample.app.server, { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 });
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  port = (sample.app.server.address() as AddressInfo).port;
});
after(() => sample.app.close());

const head = 'PUT /auth/samples/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 14\r\n';

async function lineOf(match: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  for (let tries = 0; tries < 100; tries += 1) {
    const line = sample.lines.find((one) => one.msg === 'request' && match(one));
    if (line) return line;
    await delay(20);
  }
  throw new Error(`no such line: ${JSON.stringify(sample.lines)}`);
}

async function answerTo(write: (socket: Socket) => void) {
  sample.lines.length = 0;
  const socket = await openSocket(port);
  write(socket);
  return parseAnswer(await readToEnd(socket));
}

test('endless header fields: 408, and the connection is closed', async () => {
  const answer = await answerTo((socket) => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: '));
  assert.equal(answer.status, 408);
  assert.equal(JSON.parse(answer.body).code, 'request_timeout');
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  const line = await lineOf(({ code }) => code === 'request_timeout');
  assert.equal(line.requestId, answer.headers['x-request-id']);
});

test('a client that sends CONNECT and disconnects does no harm', async (context) => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.prependListener('uncaughtException', note);
  context.after(() => process.off('uncaughtException', note));
  for (let time = 0; time < 100; time += 1) {
    const socket = await openSocket(port);
    await new Promise((resolve) => socket.write('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', resolve));
    socket.resetAndDestroy();
  }
  const answer = await answerTo((socket) => socket.write('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n'));
  assert.equal(answer.status, 400);
  assert.deepEqual(uncaught, []);
});

test('a connection without a request is closed too', async () => {
  const answer = await answerTo(() => undefined);
  assert.equal(answer.status, 408);
});

test('connections that time out together are all answered, and other requests are served meanwhile', async () => {
  const late = await Promise.all(Array.from({ length: 500 }, () => openSocket(port)));
  const answers = Promise.all(late.map(readToEnd));
  let isOver = false;
  answers.finally(() => {
    isOver = true;
  });
  let served = 0;
  while (!isOver) {
    const { status } = await fetch(`http://127.0.0.1:${port}/late`);
    assert.equal(status, 200);
    served += 1;
  }
  assert.ok(served > 0);
  assert.deepEqual([...new Set((await answers).map((answer) => parseAnswer(answer).status))], [408]);
});

test('an endless body: 408, and one line for the request', async () => {
  const answer = await answerTo((socket) => socket.write(`${head}\r\n{"na`));
  assert.equal(answer.status, 408);
  assert.equal(JSON.parse(answer.body).code, 'request_timeout');
  const line = await lineOf(({ route }) => route === '/auth/samples/:id');
  assert.equal(line.aborted, true);
  assert.equal(sample.lines.length, 1, JSON.stringify(sample.lines));
});

test('a client that disconnects in the middle of its body is not an error', async () => {
  sample.lines.length = 0;
  const socket = await openSocket(port);
  socket.write(`${head}\r\n{"na`);
  await delay(50);
  socket.destroy();
  await lineOf(({ aborted }) => aborted === true);
  assert.equal(sample.lines.length, 1, JSON.stringify(sample.lines));
});

test('a client that disconnects before its response is not an error', async () => {
  sample.lines.length = 0;
  const socket = await openSocket(port);
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await delay(50);
  socket.resetAndDestroy();
  const line = await lineOf(({ aborted }) => aborted === true);
  assert.deepEqual([line.method, line.route, line.status, line.level], ['GET', '/slow', null, 30]);
  await delay(400);
  assert.equal(sample.lines.length, 1, JSON.stringify(sample.lines));
});

test('a client that disconnects after its body and before its response is logged as aborted, once', async () => {
  sample.lines.length = 0;
  const socket = await openSocket(port);
  socket.write('PUT /waits-for-the-end HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
  await delay(100);
  socket.resetAndDestroy();
  const line = await lineOf(({ aborted }) => aborted === true);
  assert.deepEqual([line.method, line.route, line.status, line.level], ['PUT', '/waits-for-the-end', null, 30]);
  await delay(100);
  assert.equal(sample.lines.length, 1, JSON.stringify(sample.lines));
});

test('a client that disconnects with pipelined requests is logged as aborted for each', async () => {
  sample.lines.length = 0;
  const socket = await openSocket(port);
  socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
  await delay(50);
  socket.resetAndDestroy();
  const gone = () => sample.lines.filter(({ aborted }) => aborted === true).length;
  for (let tries = 0; gone() < 3; tries += 1) {
    assert.ok(tries < 200, JSON.stringify(sample.lines));
    await delay(20);
  }
  await delay(400);
  assert.equal(sample.lines.length, 3, JSON.stringify(sample.lines));
});

test('a late check whether the client has disconnected reports it too', async () => {
  seenGone.length = 0;
  const socket = await openSocket(port);
  socket.write('GET /late?leaves HTTP/1.1\r\nHost: x\r\n\r\n');
  await delay(50);
  socket.resetAndDestroy();
  await lineOf(({ aborted }) => aborted === true);
  const stays = await answerTo((other) => other.write('GET /late HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
  assert.equal(stays.status, 200);
  assert.deepEqual(seenGone, [true, false]);
});

test('a connection that is reset at once leaves nothing behind', async () => {
  sample.lines.length = 0;
  const socket = await openSocket(port);
  socket.resetAndDestroy();
  await delay(100);
  assert.deepEqual(sample.lines, []);
});

test('an unknown expectation is ignored', async () => {
  const answer = await answerTo((socket) => socket.write(`${head}Expect: tea\r\nConnection: close\r\n\r\n{"name":"Ada"}`));
  assert.equal(answer.status, 200);
});

test('100-continue is sent, and the response follows', async () => {
  const answer = await answerTo((socket) => socket.write(`${head}Expect: 100-continue\r\nConnection: close\r\n\r\n{"name":"Ada"}`));
  assert.equal(answer.status, 100);
  assert.match(answer.body, /^HTTP\/1\.1 200 OK/);
});

test('garbage after a good request does not affect its response', async () => {
  const answer = await answerTo((socket) => {
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    setTimeout(() => socket.write('garbage\r\n\r\n'), 50);
  });
  assert.equal(answer.status, 200);
  assert.match(answer.body, /HTTP\/1\.1 400 Bad Request/);
});

test('HTTP/1.0 needs no Host', async () => {
  const answer = await answerTo((socket) => socket.write('GET /healthz HTTP/1.0\r\n\r\n'));
  assert.equal(answer.status, 200);
});
