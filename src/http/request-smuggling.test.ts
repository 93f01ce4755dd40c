import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { exchange, parseAnswer } from '../../test/support/raw-http.ts';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
let port = 0;
before(async () => {
  sample = await createSampleApp();
  await sample.app.listen({ port: 0, host: '127.0.0.1' });
  port = (sample.app.server.address() as AddressInfo).port;
});
after(() => sample.app.close());

const body = '{"name":"Ada"}';
const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** @param fields without Host; they come before it, after which the connection closes. */
function put(fields: string, content = body, version = '1.1', host = 'Host: x\r\n'): string {
  return `PUT /auth/samples/1 HTTP/${version}\r\n${fields}${host}Connection: close\r\n\r\n${content}`;
}

const json = 'Content-Type: application/json\r\n';
const length = `Content-Length: ${body.length}\r\n`;
const fields = (count: number) => 'A: b\r\n'.repeat(count);

const cases: readonly [name: string, bytes: string, status: number][] = [
  ['an ordinary request', put(json + length), 200],
  ['chunks', put(`${json}Transfer-Encoding: Chunked\r\n`, chunks), 200],
  [
    'chunks with extensions and a trailer',
    put(`${json}Transfer-Encoding: chunked\r\n`, `e;a="b"\r\n${body}\r\n0\r\nContent-Type: x\r\n\r\n`),
    200,
  ],
  ['HTTP/1.0 without Host', put(json + length, body, '1.0', ''), 200],
  ['100 fields', put(json + length + fields(96)), 200],
  ['101 fields', put(json + length + fields(98)), 431],
  ['2,500 fields, of which Node would show 2,000', put(fields(2_500) + json + length), 431],
  ['no Host', put(json + length, body, '1.1', ''), 400],
  ['two Hosts', put(`${json}${length}Host: y\r\n`), 400],
  ['two media types', put(`${json}${length}content-type: text/plain\r\n`), 400],
  ['the same media type twice', put(`${json}${length}CONTENT-TYPE: application/json\r\n`), 400],
  ['two credentials', put(`${json}${length}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n`), 400],
  ['chunks of another coding', put(`${json}Transfer-Encoding: gzip, chunked\r\n`, chunks), 400],
  ['two transfer encodings', put(`${json}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n`, chunks), 400],
  ['chunks in HTTP/1.0', put(`${json}Transfer-Encoding: chunked\r\n`, chunks, '1.0'), 400],
  ['HTTP/0.9', 'GET /healthz\r\n\r\n', 400],
  ['HTTP/2.0 in HTTP/1 syntax', put(json + length, body, '2.0'), 400],
];

for (const [name, bytes, status] of cases) {
  test(`${name}: ${status}`, async () => {
    // A refusal closes the connection by itself; otherwise this would wait forever.
    const answer = parseAnswer(await exchange(port, status === 200 ? bytes : bytes.replace('Connection: close\r\n', '')));
    assert.equal(answer.status, status, answer.body);
    if (status !== 200) assert.equal(JSON.parse(answer.body).code, status === 400 ? 'bad_request' : 'headers_too_large');
  });
}

test('an ambiguous request for an unknown path is refused as ambiguous', async () => {
  const answer = parseAnswer(await exchange(port, 'GET /nowhere HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'));
  assert.equal(answer.status, 400);
});
