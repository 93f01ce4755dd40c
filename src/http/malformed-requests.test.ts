import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { exchange, parseAnswer, type RawAnswer } from '../../test/support/raw-http.ts';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

/** In every request below, wherever client input can be; none of it may come back or be logged. */
const canary = 'kanarie7319';
const json = 'Content-Type: application/json\r\n';

let sample: SampleApp;
let port = 0;
before(async () => {
  sample = await createSampleApp();
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  port = (sample.app.server.address() as AddressInfo).port;
});
after(async () => {
  await sample.app.close();
});

function request(line: string, fields: string, body: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(body as string);
  const length = bytes.length > 0 ? `Content-Length: ${bytes.length}\r\n` : '';
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\nHost: ${canary}\r\n${fields}${length}Connection: close\r\n\r\n`), bytes]);
}

function put(fields: string, body: string | Buffer): Buffer {
  return request('PUT /auth/samples/1', fields, body);
}

const good = `{"name":"${canary.slice(0, 9)}"}`;
const named = (value: string) => put(json, `{"name":${value},"${canary}":"${canary}"}`);

const cases: readonly [name: string, bytes: string | Buffer, status: number, code: string][] = [
  ['no media type', put('', good), 415, 'unsupported_media_type'],
  ['no media type and no body', put('', ''), 415, 'unsupported_media_type'],
  ['plain text', put('Content-Type: text/plain\r\n', good), 415, 'unsupported_media_type'],
  ['a form', put('Content-Type: application/x-www-form-urlencoded\r\n', `name=${canary}`), 415, 'unsupported_media_type'],
  ['multipart', put(`Content-Type: multipart/form-data; boundary=${canary}\r\n`, good), 415, 'unsupported_media_type'],
  ['a word after the type', put(`Content-Type: application/json ${canary}\r\n`, good), 415, 'unsupported_media_type'],
  ['a tab inside the type', put('Content-Type: application/json\t; charset=utf-8\r\n', good), 415, 'unsupported_media_type'],
  ['two types', put('Content-Type: application/json, text/plain\r\n', good), 415, 'unsupported_media_type'],
  ['another charset', put('Content-Type: application/json; charset=utf-16\r\n', good), 415, 'unsupported_media_type'],
  ['another parameter', put(`Content-Type: application/json; ${canary}=1\r\n`, good), 415, 'unsupported_media_type'],
  ['a type that ends in +json', put('Content-Type: application/vnd.api+json\r\n', good), 415, 'unsupported_media_type'],
  ['an empty type', put('Content-Type: \r\n', good), 415, 'unsupported_media_type'],
  ['gzip', put(`${json}Content-Encoding: gzip\r\n`, gzipSync(good)), 415, 'unsupported_media_type'],
  ['an unknown encoding', put(`${json}Content-Encoding: ${canary}\r\n`, good), 415, 'unsupported_media_type'],
  ['two encodings', put(`${json}Content-Encoding: identity, gzip\r\n`, gzipSync(good)), 415, 'unsupported_media_type'],
  ['an empty body', put(json, ''), 400, 'malformed_json'],
  ['a broken body', put(json, `{"name":"${canary}`), 400, 'malformed_json'],
  ['a byte order mark', put(json, `\ufeff${good}`), 400, 'malformed_json'],
  [
    'bytes that are not UTF-8',
    put(json, Buffer.concat([Buffer.from(`{"${canary}":"`), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])),
    400,
    'malformed_json',
  ],
  ['NUL bytes', put(json, `${good}\0\0${canary}`), 400, 'malformed_json'],
  ['a repeated name', put(json, `{"name":"${canary}","name":"x"}`), 400, 'malformed_json'],
  ['__proto__', put(json, `{"__proto__":{"polluted":"${canary}"},"name":"x"}`), 400, 'malformed_json'],
  ['constructor', put(json, `{"constructor":{"prototype":{"polluted":1}},"name":"x"}`), 400, 'malformed_json'],
  ['16 KiB of brackets', put(json, '['.repeat(16 * 1024)), 400, 'malformed_json'],
  ['deep JSON', put(json, `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`), 400, 'malformed_json'],
  ['an endless number', put(json, '{"name":1e400}'), 400, 'malformed_json'],
  ['a body of 17 KiB', put(json, `{"name":"${canary.repeat(1_600)}"}`), 413, 'payload_too_large'],
  ['a body of 2 MiB', put(json, canary.repeat(200_000)), 413, 'payload_too_large'],
  ['a list as the body', put(json, `["${canary}"]`), 422, 'validation_failed'],
  ['null as the body', put(json, 'null'), 422, 'validation_failed'],
  ['a string as the body', put(json, `"${canary}"`), 422, 'validation_failed'],
  ['a list as a field', named(`["${canary}"]`), 422, 'validation_failed'],
  ['an object as a field', named(`{"${canary}":1}`), 422, 'validation_failed'],
  ['a number as a field', named('7319'), 422, 'validation_failed'],
  ['null as a field', named('null'), 422, 'validation_failed'],
  ['a missing field', put(json, `{"${canary}":1}`), 422, 'validation_failed'],
  ['a long field', named(`"${canary.repeat(9)}"`), 422, 'validation_failed'],
  ['an unknown address', request(`GET /${canary}?${canary}=${canary}`, ''), 404, 'not_found'],
  ['an unknown path with a broken body', request(`POST /${canary}`, json, '{'), 404, 'not_found'],
  ['two slashes', request('PUT //auth//samples/1', json, good), 404, 'not_found'],
  ['a slash at the end', request('PUT /auth/samples/1/', json, good), 404, 'not_found'],
  ['another case', request('PUT /Auth/Samples/1', json, good), 404, 'not_found'],
  ['encoded dots', request('PUT /auth/%2e%2e/auth/samples/1', json, good), 404, 'not_found'],
  ['dots', request('PUT /auth/x/../samples/1', json, good), 404, 'not_found'],
  ['an encoded slash', request('PUT /auth%2fsamples/1', json, good), 404, 'not_found'],
  ['a broken percent encoding', request(`GET /auth/samples/%zz${canary}`, ''), 400, 'bad_request'],
  ['a cut percent encoding', request(`GET /%E0%A4%A`, ''), 400, 'bad_request'],
  ['a NUL in a static path', request('GET /docs/static/%00', ''), 404, 'not_found'],
  ['a path out of the static files', request('GET /docs/static/..%2f..%2f..%2fpackage.json', ''), 404, 'not_found'],
  ['a long parameter', request(`GET /auth/samples/${canary.repeat(400)}`, ''), 414, 'uri_too_long'],
  ['another method', request('POST /auth/samples/1', json, `{"${canary}"`), 405, 'method_not_allowed'],
  ['TRACE', request('TRACE /auth/samples/1', `X-Secret: ${canary}\r\n`), 405, 'method_not_allowed'],
  ['PROPFIND', request('PROPFIND /auth/samples/1', ''), 405, 'method_not_allowed'],
  ['an unknown method', request(`KANARIE /healthz`, ''), 400, 'bad_request'],
  ['CONNECT', request(`CONNECT ${canary}:443`, ''), 400, 'bad_request'],
  ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'bad_request'],
  ['text that is not HTTP', `${canary}\r\n\r\n`, 400, 'bad_request'],
  ['the beginning of TLS', Buffer.from('16030102000100', 'hex'), 400, 'bad_request'],
  ['a NUL in a header field', request('GET /healthz', `X-A: ${canary}\0\r\n`), 400, 'bad_request'],
  ['a space before the colon', request('GET /healthz', `X-A : ${canary}\r\n`), 400, 'bad_request'],
  ['bytes outside ASCII in the address', request('GET /초대', ''), 400, 'bad_request'],
  ['lines that end in LF alone', `GET /healthz HTTP/1.1\nHost: ${canary}\n\n`, 400, 'bad_request'],
  ['two lengths', request('PUT /auth/samples/1', `${json}Content-Length: 3\r\nContent-Length: 5\r\n`), 400, 'bad_request'],
  ['a length and chunks', request('PUT /auth/samples/1', `${json}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n`), 400, 'bad_request'],
  ['a broken chunk', `${request('PUT /auth/samples/1', `${json}Transfer-Encoding: chunked\r\n`)}${canary}\r\n`, 400, 'bad_request'],
  ['header fields of 20 KiB', request('GET /healthz', `X-A: ${canary.repeat(1_900)}\r\n`), 431, 'headers_too_large'],
  ['an address of 20 KiB', request(`GET /${canary.repeat(1_900)}`, ''), 431, 'headers_too_large'],
];

test('there are at least forty of them', () => assert.ok(cases.length >= 40));

for (const [name, bytes, status, code] of cases) {
  test(`${name}: ${status} ${code}`, async () => {
    const text = await exchange(port, bytes);
    const answer = parseAnswer(text);
    assertProblem(answer, status, code);
    assert.equal(text.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer');
    assert.ok(!text.includes(canary.slice(0, 7)), text);
  });
}

function assertProblem(answer: RawAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(answer.headers['content-language'], 'en');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  assert.equal(answer.headers.connection, 'close');
  assert.match(answer.headers['x-request-id'] ?? '', /^[0-9a-f-]{36}$/);
  const problem = JSON.parse(answer.body);
  assert.equal(problem.type, `/problems/${code}`);
  assert.equal(problem.code, code);
  assert.equal(problem.status, status);
  assert.ok(problem.title.length > 3 && problem.detail.length > 10);
  if (status === 405) assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS, PUT');
}

test('after all of them: no polluted prototype, no input in the log, no error, one line each', () => {
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  const log = sample.lines.map((line) => JSON.stringify(line));
  assert.ok(!log.some((line) => line.includes(canary.slice(0, 7))));
  assert.deepEqual(
    sample.lines.filter((line) => Number(line.level) > 30),
    [],
  );
  const requests = sample.lines.filter((line) => line.msg === 'request');
  assert.equal(requests.length, cases.length);
});

test('ten thousand hostile bodies leak less than 20 MiB', async () => {
  const bodies = [`{${'"a":'.repeat(400)}`, '['.repeat(4_000), `{"name":"${'x'.repeat(8_000)}"}`, '{"a":1,"a":2}', '{"__proto__":1}'];
  const send = async (count: number) => {
    for (let sent = 0; sent < count; sent += 1) {
      const payload = bodies[sent % bodies.length] ?? '';
      await sample.app.inject({ method: 'PUT', url: '/auth/samples/1', payload, headers: { 'content-type': 'application/json' } });
      sample.lines.length = 0;
    }
  };
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  await send(500);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  await send(10_000);
  collectGarbage();
  const grown = (process.memoryUsage().heapUsed - before) / 1024 / 1024;
  assert.ok(grown < 20, `${grown} MiB`);
});
