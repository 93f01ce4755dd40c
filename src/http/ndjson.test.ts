import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { openSocket, readToEnd } from '../../test/support/raw-http.ts';
import { createSampleApp, type SampleApp, sampleFaults } from '../../test/support/sample-http-app.ts';
import { answerInLines, type LineAnswer } from './ndjson.ts';

/** What the route `/work` does next. */
let work: (answer: LineAnswer) => Promise<void>;
let sample: SampleApp;
let port: number;
before(async () => {
  sample = await createSampleApp((app) => {
    app.post('/work', { schema: { hide: true } }, (_request, reply) => answerInLines(reply, work, (problem) => ({ failed: problem })));
  });
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  port = (sample.app.server.address() as AddressInfo).port;
});
after(() => sample.app.close());
beforeEach(() => {
  sample.lines.length = 0;
});

const request = 'POST /work HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const post = () => sample.app.inject({ method: 'POST', url: '/work', headers: { 'accept-language': 'ko' } });
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const faults = () => sample.lines.filter(({ level }) => Number(level) >= 50);

test('lines arrive one by one, as JSON', async () => {
  work = async (answer) => {
    answer.offer({ done: 1 });
    await answer.send([{ a: '한글' }, { b: '\n' }]);
  };
  const answer = await post();
  assert.deepEqual([answer.statusCode, answer.headers['content-type']], [200, 'application/x-ndjson; charset=utf-8']);
  assert.deepEqual(linesOf(answer.payload), [{ done: 1 }, { a: '한글' }, { b: '\n' }]);
});

test('a failure before the first line gets a normal error response', async () => {
  work = async () => {
    throw sampleFaults.gone?.();
  };
  const answer = await post();
  assert.deepEqual([answer.statusCode, answer.json().code], [410, 'sample_gone']);
});

test("a later failure is reported in a last line, in the client's language, and logged", async () => {
  for (const [fault, code, logged] of [
    ['gone', 'sample_gone', 0],
    ['bug', 'internal_error', 1],
  ] as const) {
    sample.lines.length = 0;
    work = async (answer) => {
      answer.offer({ done: 1 });
      throw sampleFaults[fault]?.();
    };
    const [first, last] = linesOf((await post()).payload);
    assert.deepEqual(first, { done: 1 });
    const problem = last?.failed as Record<string, unknown>;
    assert.equal(problem.code, code);
    assert.match(String(problem.title), /[가-힣]/);
    assert.equal(faults().length, logged);
    assert.ok(sample.lines.some((line) => line.msg === 'request' && line.code === code));
  }
});

test('a slow reader misses optional lines, and required lines wait for it', async () => {
  const long = 'x'.repeat(1_000);
  let offered = 0;
  let sent = 0;
  work = async (answer) => {
    for (; offered < 50_000; offered += 1) answer.offer({ offered, long });
    for (; sent < 50_000; sent += 1) await answer.send([{ sent, long }]);
  };
  const socket = await openSocket(port);
  socket.pause();
  socket.write(request);
  while (sent === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(offered, 50_000);
  assert.ok(sent < 40_000, `${sent} lines went to a client that does not read`);
  socket.resume();
  const lines = (await readToEnd(socket)).split('\n').filter((line) => line.startsWith('{'));
  assert.equal(lines.filter((line) => line.startsWith('{"sent"')).length, 50_000);
  assert.ok(lines.filter((line) => line.startsWith('{"offered"')).length < 25_000);
});

test('a client that disconnects ends the work, waiting or not, and is not an error', async () => {
  for (const begun of [false, true]) {
    let ended: unknown;
    const started = new Promise<void>((resolve) => {
      work = async (answer) => {
        try {
          if (begun) await answer.send([{ begun }]);
          resolve();
          if (!answer.gone.aborted) await once(answer.gone, 'abort');
          answer.offer({ nobody: 'reads this' });
          await answer.send([{ nobody: 'reads this' }]);
        } catch (error) {
          ended = error;
          throw error;
        }
      };
    });
    const socket = await openSocket(port);
    socket.write(request);
    await started;
    socket.destroy();
    while (ended === undefined) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((ended as Error).name, 'AbortError');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(faults(), []);
  }
});
