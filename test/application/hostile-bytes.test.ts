import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { bytesOf, hostileBytes } from '../support/hostile-bytes.ts';
import { type HostileScene, openHostileScene } from '../support/hostile-scene.ts';
import { planted } from '../support/hostile-values.ts';
import { assertAcceptable, assertClearAnswer, type HostileAnswer } from '../support/hostile-verdict.ts';
import { inTime } from '../support/in-time.ts';
import { openSocket, readToEnd } from '../support/raw-http.ts';
import { changesBetween } from '../support/stored-changes.ts';

/** A tenth of what `hostile-requests.test.ts` does: each is a separate connection. */
const cases = Math.ceil(Number(process.env.CHODAE_TEST_CASES ?? 2_000) / 10);
const seed = process.env.CHODAE_TEST_SEED;

let scene: HostileScene;
let port = 0;
before(async () => {
  scene = await openHostileScene();
  scene.http.server.prependListener('request', noteRequest);
  scene.http.server.on('connection', (socket: Socket) => {
    received = socket;
  });
  await scene.http.listen({ host: '127.0.0.1', port: 0 });
  port = (scene.http.server.address() as AddressInfo).port;
});
after(() => scene[Symbol.asyncDispose]());

/** Requests that arrived completely and are not answered yet. Node drops the response if the client closes its side of the connection. */
const underWay = new Set<{ readonly request: IncomingMessage; readonly response: ServerResponse }>();

function noteRequest(request: IncomingMessage, response: ServerResponse): void {
  const exchange = { request, response };
  underWay.add(exchange);
  response.once('close', () => underWay.delete(exchange));
}

/** The server's end of the newest connection. */
let received: Socket | undefined;
const bytesReceived = () => received?.bytesRead ?? 0;

const isAnswering = () => [...underWay].some(({ request, response }) => request.complete && !response.writableEnded);

/**
 * Sends everything and closes its own side when the server has nothing left to do.
 * @returns everything received.
 */
async function sendBytes(bytes: Buffer): Promise<string> {
  received = undefined;
  const socket = await openSocket(port);
  const answers = readToEnd(socket);
  socket.write(bytes);
  do await delay(10);
  while (!socket.closed && (isAnswering() || bytesReceived() < bytes.length));
  socket.end();
  return inTime(answers);
}

/** Splits the responses. A response to HEAD has a length and no body. */
function* answersIn(text: string): Generator<HostileAnswer> {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    const end = rest.indexOf('\r\n\r\n');
    const head = rest.subarray(0, end).toString();
    assert.match(head, /^HTTP\/1\.1 \d{3} /, 'bytes that are no answer');
    const headers = Object.fromEntries(
      [...head.matchAll(/^([\w-]+): (.*)$/gm)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
    );
    const status = Number(head.slice(9, 12));
    const after = rest.subarray(end + 4);
    const isBare = status < 200 || after.length === 0 || after.subarray(0, 9).toString() === 'HTTP/1.1 ';
    const length = isBare ? 0 : Number(headers['content-length'] ?? 0);
    rest = after.subarray(length);
    if (status >= 200) yield { status, headers, body: after.subarray(0, length).toString() };
  }
}

/** The parser skips line ends before a request. */
function isNothing(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 10 || byte === 13);
}

/** The first request whose bytes happen to make an `X-Forwarded-For` is logged once. */
const unnamedProxy = /^requests come through a proxy \(X-Forwarded-For\)/;

function judge(answers: readonly HostileAnswer[], changes: readonly string[]): void {
  for (const answer of answers) assertClearAnswer(answer);
  // An error changes nothing, except for a person who is too young.
  if (answers.every(({ status }) => status !== 200 && status !== 422)) assert.deepEqual(changes, []);
  const log = JSON.stringify(scene.lines);
  assert.ok(!log.includes(planted), log);
  const alarming = scene.lines.filter(({ level, msg }) => Number(level) >= 40 && !unnamedProxy.test(String(msg)));
  assert.deepEqual(alarming, []);
}

test(`${cases} corrupted requests over sockets: a clear response, and the connection closed`, async () => {
  const property = fc.asyncProperty(hostileBytes, async ({ request, spoil }) => {
    const stored = await scene.prepare();
    const bytes = spoil(bytesOf(scene.fill(request)));
    scene.lines.length = 0;
    const text = await sendBytes(bytes);
    try {
      const now = await scene.stored();
      assertAcceptable(now);
      if (!isNothing(bytes)) assert.notEqual(text, '', 'no answer');
      judge([...answersIn(text)], changesBetween(stored, now));
    } catch (error) {
      throw new Error(`${JSON.stringify(bytes.toString('latin1'))} was answered with ${JSON.stringify(text)}`, { cause: error });
    }
  });
  await fc.assert(property, { numRuns: cases, ...(seed !== undefined && { seed: Number(seed) }) });
});

test('afterwards the server works as before', async () => {
  const text = await sendBytes(Buffer.from('GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
  assert.match(text, /^HTTP\/1\.1 200 OK/);
  const connections = await new Promise((resolve) => scene.http.server.getConnections((_error, count) => resolve(count)));
  assert.equal(connections, 0);
});
