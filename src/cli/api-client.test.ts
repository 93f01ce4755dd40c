import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { type ApiClient, type ApiClientOptions, ConnectionError, createApiClient, readJsonLines } from './api-client.ts';
import { CommandError } from './exit-codes.ts';

const key = `chodae_key_${'0'.repeat(40)}`;

interface Scene extends AsyncDisposable {
  readonly client: ApiClient;
  readonly url: string;
}

/** A client of a server that answers by `answer`. */
async function sceneWith(answer: RequestListener, options: Partial<ApiClientOptions> = {}): Promise<Scene> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createApiClient({ place: { url }, key, language: 'en', signal: new AbortController().signal, ...options });
  return {
    client,
    url,
    async [Symbol.asyncDispose]() {
      client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const get = { method: 'GET', path: '/admin/me' } as const;
const create = { method: 'POST', path: '/admin/invitations', body: {}, headers: { 'idempotency-key': 'once' } } as const;
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.fail('it was answered'),
    (error: unknown) => error as CommandError,
  );

test('a request has the key, the language, the query and the body; the answer is read as JSON', async () => {
  await using scene = await sceneWith(async (request, response) => {
    const { method, url, headers } = request;
    const { authorization, 'accept-language': language, 'content-type': type } = headers;
    response.setHeader('etag', '"1"');
    response.end(JSON.stringify({ method, url, authorization, language, type, body: await readText(request) }));
  });
  const { status, headers, body } = await scene.client.request({ ...create, query: { text: 'a b&c', no: undefined, dry: true } }, z.any());
  assert.deepEqual([status, headers.etag], [200, '"1"']);
  const authorization = `Bearer ${key}`;
  const url = '/admin/invitations?text=a+b%26c&dry=true';
  assert.deepEqual(body, { method: 'POST', url, authorization, language: 'en', type: 'application/json', body: '{}' });
});

test('a refusal is its own sentence with a line for each field, and nothing that a terminal would obey', async () => {
  const errors = [
    { field: 'count', code: 'too_big', message: 'Ask for\x1b[2J less.' },
    { field: '', code: 'x', message: 'Odd.' },
    { field: 'note', line: 3, code: 'y', message: 'Long.' },
    null,
    7,
  ];
  await using scene = await sceneWith((_request, response) => {
    response.writeHead(422).end(JSON.stringify({ code: 'validation_failed', detail: 'Some fields need another value: count.', errors }));
  });
  const refusal = await failure(scene.client.request(create, z.any()));
  assert.ok(refusal instanceof CommandError);
  assert.equal(refusal.message, 'Some fields need another value: count.\n  count: Ask for�[2J less.\n  Odd.\n        3  note  Long.');
  assert.deepEqual(refusal.problem, { status: 422, code: 'validation_failed', errors: errors.slice(0, 3) });
});

test('an answer that is not ours, or sends the request elsewhere, is a sentence and never followed with the key', async () => {
  let asked = 0;
  await using scene = await sceneWith((request, response) => {
    asked += 1;
    if (request.url === '/admin/me') response.writeHead(302, { location: 'https://elsewhere.example/\x9b' }).end();
    else response.writeHead(request.url === '/' ? 200 : 502, { 'content-type': 'text/html' }).end('<html>');
  });
  assert.equal(
    (await failure(scene.client.request(get, z.any()))).message,
    'The server sends requests on to https://elsewhere.example/�: give that address as --url.',
  );
  assert.match((await failure(scene.client.request(create, z.any()))).message, /HTTP 502/);
  assert.match((await failure(scene.client.request({ method: 'GET', path: '/' }, z.any()))).message, /HTTP 200.*check the address/);
  assert.match((await failure(scene.client.stream({ method: 'GET', path: '/' }))).message, /HTTP 200.*check the address/);
  assert.equal(asked, 4);
});

test('a lost answer is asked for once more, where that can do nothing twice', async () => {
  let asked = 0;
  await using scene = await sceneWith((request, response) => {
    asked += 1;
    if (asked === 1) request.socket.destroy();
    else response.end('{"ok":true}');
  });
  for (const request of [get, create]) {
    asked = 0;
    assert.deepEqual((await scene.client.request(request, z.any())).body, { ok: true });
    assert.equal(asked, 2);
  }
  asked = 0;
  const lost = await failure(scene.client.request({ method: 'POST', path: '/admin/keys', body: {} }, z.any()));
  assert.ok(lost instanceof ConnectionError && lost.mayBeBack);
  assert.equal(asked, 1);
});

test('an answer that is lost twice is a sentence with the address', async () => {
  let asked = 0;
  await using scene = await sceneWith((request) => {
    asked += 1;
    request.socket.destroy();
  });
  const lost = await failure(scene.client.request(get, z.any()));
  assert.equal(lost.message, `${scene.url} does not answer: the connection broke (ECONNRESET).`);
  assert.equal(asked, 2);
});

test('an address where nothing listens is told at once', async () => {
  const scene = await sceneWith(() => {});
  await scene[Symbol.asyncDispose]();
  const client = createApiClient({ place: { url: scene.url }, key, language: 'ko', signal: new AbortController().signal });
  assert.equal(
    (await failure(client.request(get, z.any()))).message,
    `${scene.url}: 서버가 응답하지 않습니다. 이 주소에서 기다리는 프로그램이 없습니다.`,
  );
});

test('an interrupt ends a request, and the service sees it go', async () => {
  const controller = new AbortController();
  let gone: Promise<unknown> | undefined;
  const answer: RequestListener = (_request, response) => {
    gone = new Promise((resolve) => response.once('close', resolve));
    controller.abort();
  };
  await using scene = await sceneWith(answer, { signal: controller.signal });
  const lost = await failure(scene.client.request(get, z.any()));
  assert.equal(lost.message, 'Interrupted.');
  await gone;
});

test('a stream comes as it is sent; one that breaks off throws', async () => {
  await using scene = await sceneWith((request, response) => {
    response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    response.write('first');
    setTimeout(() => (request.url === '/broken' ? request.socket.destroy() : response.end('last')), 20);
  });
  const whole = await scene.client.stream({ ...get, path: '/whole' });
  assert.equal(await readText(Readable.from(whole.body)), 'firstlast');
  const broken = await scene.client.stream({ ...get, path: '/broken' });
  let received = '';
  const read = async () => {
    for await (const chunk of broken.body) received += chunk.toString();
  };
  assert.ok((await failure(read())) instanceof ConnectionError);
  assert.equal(received, 'first');
});

test('an upload is sent as it is read, and an early refusal counts more than the rest of it', async () => {
  let sent = 0;
  async function* megabytes() {
    for (; sent < 2_000; sent += 1) yield Buffer.alloc(1_000_000);
  }
  await using scene = await sceneWith((request, response) => {
    if (request.url === '/all') return request.pipe(response.writeHead(200));
    return response.writeHead(413, { connection: 'close' }).end('{"code":"payload_too_large","detail":"Too large."}');
  });
  const upload = (content: Readable) => ({ type: 'text/csv', content });
  const small = await scene.client.request({ method: 'POST', path: '/all', upload: upload(Readable.from(['{"a":', '1}'])) }, z.any());
  assert.deepEqual(small.body, { a: 1 });
  const refusal = await failure(
    scene.client.request({ method: 'POST', path: '/none', upload: upload(Readable.from(megabytes(), { objectMode: false })) }, z.any()),
  );
  assert.equal(refusal.message, 'Too large.');
  assert.ok(sent < 500, `${sent} MB were read`);
});

test('a file that cannot be read is no lost connection', async () => {
  await using scene = await sceneWith((request, response) => void request.resume().on('end', () => response.end('{}')));
  const missing = Object.assign(new Error('gone'), { code: 'EIO' });
  const content = new Readable({ read: () => content.destroy(missing) });
  assert.equal(
    await failure(scene.client.request({ method: 'POST', path: '/x', upload: { type: 'text/csv', content } }, z.any())),
    missing,
  );
});

test('the same over a socket of this machine', async () => {
  const folder = temporaryFolder('socket');
  const socketPath = path.join(folder.path, 'api');
  const server = createServer((request, response) => response.end(JSON.stringify({ url: request.url, host: request.headers.host })));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = createApiClient({ place: { socketPath }, key, language: 'en', signal: new AbortController().signal });
  assert.deepEqual((await client.request({ ...get, query: { a: 1 } }, z.any())).body, { url: '/admin/me?a=1', host: 'localhost' });
  client.close();
  await new Promise((resolve) => server.close(resolve));
  folder.remove();
});

async function readLines(...chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  const values: unknown[] = [];
  async function* send() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  for await (const value of readJsonLines(send(), () => new Error('no line of ours'))) values.push(value);
  return values;
}

test('each line is a value, wherever the pieces are cut', async () => {
  const bytes = Buffer.from('{"name":"홍길동"}\n\n[1]\r\n"x"\n');
  const whole = [{ name: '홍길동' }, [1], 'x'];
  assert.deepEqual(await readLines(bytes), whole);
  assert.deepEqual(await readLines(...[...bytes].map((byte) => Buffer.from([byte]))), whole);
});

test('a last line without its end was broken off and is none', async () => {
  assert.deepEqual(await readLines('{"a":1}\n{"a":2}'), [{ a: 1 }]);
});

test('a line that never ends is not kept', async () => {
  await assert.rejects(readLines('x'.repeat(700_000), 'x'.repeat(700_000)), /no line of ours/);
});

test('a line that is no JSON is refused', async () => {
  for (const line of ['x', '{', '[1', '\x9b']) await assert.rejects(readLines(`{}\n${line}\n`), /no line of ours/, line);
});
