import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { exchange, openSocket, parseAnswer, readToEnd } from '../../test/support/raw-http.ts';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';
import { acceptUploads, type Upload } from './uploads.ts';

const maximumBytes = 200_000;
const pauseMilliseconds = 400;
const wholeMilliseconds = 4_000;

let sample: SampleApp;
let port: number;
/** Bytes of each upload received, and how it ended. */
const read: { bytes: number; error?: unknown }[] = [];

before(async () => {
  sample = await createSampleApp((app) => {
    app.register(async (scope) => {
      acceptUploads(scope, { mediaType: 'text/csv', maximumBytes, pauseMilliseconds, wholeMilliseconds });
      scope.post('/table', async ({ body }) => {
        const upload: { bytes: number; error?: unknown } = { bytes: 0 };
        read.push(upload);
        try {
          for await (const chunk of body as Upload) upload.bytes += chunk.length;
        } catch (error) {
          upload.error = error;
          throw error;
        }
        return { bytes: upload.bytes };
      });
    });
  });
  sample.app.server.requestTimeout = 200;
  sample.app.server.headersTimeout = 200;
  await sample.app.listen({ host: '127.0.0.1', port: 0 });
  port = (sample.app.server.address() as AddressInfo).port;
});
after(() => sample.app.close());

const head = (fields: string) => `POST /table HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n`;

function post(body: string | Uint8Array | undefined, headers: Record<string, string>): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/table`, { method: 'POST', headers, body: body ?? null });
}

for (const type of [
  'text/csv',
  'Text/CSV; charset=UTF-8',
  'text/csv; charset="utf-8"; header=present',
  'text/csv; header=present',
  'text/csv;header=present;charset=utf8',
  'text/csv ; charset=utf-8',
  'text/csv;',
]) {
  test(`accepts "${type}"`, async () => {
    const answer = await post('a,b\n', { 'content-type': type });
    assert.deepEqual([answer.status, await answer.json()], [200, { bytes: 4 }]);
  });
}

for (const type of [
  'application/json',
  'text/csv; charset=euc-kr',
  'text/plain',
  'multipart/form-data; boundary=x',
  '*',
  'text/csv;x=1',
  'text/csv; header=absent',
]) {
  test(`refuses "${type}" and names what it accepts`, async () => {
    const answer = await post('{}', { 'content-type': type });
    const { code, detail } = (await answer.json()) as { code: string; detail: string };
    assert.deepEqual([answer.status, code], [415, 'unsupported_media_type']);
    if (type !== '*') assert.match(detail, /text\/csv/);
  });
}

test('a compressed upload is refused', async () => {
  assert.equal((await post('x', { 'content-type': 'text/csv', 'content-encoding': 'gzip' })).status, 415);
});

test('an upload may take longer than other requests', async () => {
  const socket = await openSocket(port);
  socket.write(head('Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\nConnection: close'));
  const answer = readToEnd(socket);
  // The server checks for late requests every second.
  const timer = setInterval(() => socket.write('2\r\nab\r\n'), 100);
  await new Promise((resolve) => setTimeout(resolve, 2_300));
  clearInterval(timer);
  socket.write('0\r\n\r\n');
  const { status, body } = parseAnswer(await answer);
  assert.equal(status, 200);
  assert.match(body, /"bytes":\d\d/);
});

test('another request on the same connection has the usual limit again', async () => {
  const socket = await openSocket(port);
  socket.write(`${head('Content-Type: text/csv\r\nContent-Length: 1')}a`);
  await once(socket, 'data');
  socket.write('PUT /auth/samples/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{');
  assert.equal(parseAnswer(await readToEnd(socket)).status, 408);
});

test('a stalled upload is refused, and the client can read the error', async () => {
  const text = await exchange(port, `${head('Content-Type: text/csv\r\nContent-Length: 100')}ab`);
  const { status, headers } = parseAnswer(text);
  assert.deepEqual([status, headers.connection], [408, 'close']);
  assert.equal(read.at(-1)?.bytes, 2);
});

test('an upload that is too large is refused: unread by its length, or when it exceeds the limit', async () => {
  const announced = await post(Buffer.alloc(maximumBytes + 1), { 'content-type': 'text/csv' });
  assert.equal(announced.status, 413);
  const known = read.length;

  const socket = await openSocket(port);
  socket.write(head('Content-Type: text/csv\r\nTransfer-Encoding: chunked'));
  const answer = readToEnd(socket);
  for (let sent = 0; sent <= maximumBytes; sent += 4_096) socket.write(`1000\r\n${'x'.repeat(4_096)}\r\n`);
  assert.equal(parseAnswer(await answer).status, 413);
  assert.equal(read.length, known + 1);
});

test('a client that disconnects in the middle is not a server error', async () => {
  const known = read.length;
  const socket = await openSocket(port);
  socket.write(`${head('Content-Type: text/csv\r\nContent-Length: 100')}ab`);
  while (read.length === known || read.at(-1)?.bytes !== 2) await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  while (read.at(-1)?.error === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    sample.lines.filter(({ level }) => Number(level) >= 40),
    [],
  );
});
