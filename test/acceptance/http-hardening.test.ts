import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { exchange, openSocket, parseAnswer, readToEnd } from '../support/raw-http.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';

/** In every request below; none of it may come back. */
const canary = 'kan4rie2718';

let server: ServerProcess;
let port = 0;
before(async () => {
  server = await startServer({ environment: { BCRYPT_COST: '10', DEFAULT_LANGUAGE: 'en' } });
  port = Number(new URL(server.url).port);
});
after(() => server[Symbol.asyncDispose]());

const json = 'Content-Type: application/json\r\n';
const verify = 'POST /auth/invitation/verify';
const name = 'PUT /auth/register/name';
const session = '/auth/register/session';

function request(line: string, fields = '', body: string | Buffer = ''): Buffer {
  const bytes = Buffer.from(body as string);
  const length = bytes.length > 0 ? `Content-Length: ${bytes.length}\r\n` : '';
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\nHost: ${canary}\r\n${fields}${length}Connection: close\r\n\r\n`), bytes]);
}

const body = (value: string) => `{"session_id":"${canary}","name":${value},"password":"${canary}"}`;

const refused: readonly [what: string, bytes: Buffer | string, status: number, code: string][] = [
  ['nothing', '\0', 400, 'bad_request'],
  ['words', `${canary} ${canary}\r\n\r\n`, 400, 'bad_request'],
  ['HTTP/0.9', `GET /${canary}\r\n\r\n`, 400, 'bad_request'],
  ['HTTP/2 in the clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'bad_request'],
  ['two hosts', request(verify, `Host: ${canary}\r\n${json}`, '{}'), 400, 'bad_request'],
  ['two lengths', request(verify, `${json}Content-Length: 5\r\n`, '{}'), 400, 'bad_request'],
  ['a length and chunks', request(verify, `${json}Transfer-Encoding: chunked\r\n`, '{}'), 400, 'bad_request'],
  ['a negative length', request(verify, `${json}Content-Length: -1\r\n`), 400, 'bad_request'],
  ['chunks that are none', request(verify, `${json}Transfer-Encoding: ${canary}\r\n`), 400, 'bad_request'],
  ['a folded field', request(verify, `${json}X: a\r\n ${canary}\r\n`, '{}'), 400, 'bad_request'],
  ['a space before the colon', request(verify, `${json}${canary} : a\r\n`, '{}'), 400, 'bad_request'],
  ['two media types', request(verify, `${json}Content-Type: text/${canary}\r\n`, '{}'), 400, 'bad_request'],
  ['a method in small letters', request(verify.toLowerCase(), json, '{}'), 400, 'bad_request'],
  ['CONNECT', request(`CONNECT ${canary}:443`), 400, 'bad_request'],
  ['a broken escape', request(`GET /%${canary}`), 400, 'bad_request'],
  ['an escape that is no UTF-8', request(`GET /%c0%af${canary}`), 400, 'bad_request'],
  ['an address in UTF-8', request(`GET /초대${canary}`), 400, 'bad_request'],
  ['200 fields', request(`GET ${session}`, `${canary}: a\r\n`.repeat(200)), 431, 'headers_too_large'],
  ['17 KiB of fields', request(`GET ${session}`, `X: ${canary.repeat(1_600)}\r\n`), 431, 'headers_too_large'],
  ['an unknown address', request(`GET /${canary}?${canary}=${canary}`), 404, 'not_found'],
  ['two slashes at the beginning', request(verify.replace('/', '//'), json, '{}'), 404, 'not_found'],
  ['two slashes inside', request(verify.replace('/i', '//i'), json, '{}'), 404, 'not_found'],
  ['a slash at the end', request(`GET ${session}/`), 404, 'not_found'],
  ['dots', request(`POST /auth/${canary}/../invitation/verify`, json, '{}'), 404, 'not_found'],
  ['escaped dots', request('POST /auth/%2e%2e/auth/invitation/verify', json, '{}'), 404, 'not_found'],
  ['an escaped slash', request('POST /auth%2finvitation/verify', json, '{}'), 404, 'not_found'],
  ['capitals', request('POST /Auth/Invitation/Verify', json, '{}'), 404, 'not_found'],
  ['a parameter of the path', request(`${verify};${canary}`, json, '{}'), 404, 'not_found'],
  ['a way out of the documents', request('GET /docs/static/..%2f..%2fpackage.json'), 404, 'not_found'],
  ['a long parameter', request(`GET /problems/${canary.repeat(400)}`), 414, 'uri_too_long'],
  ['another method', request(verify.replace('POST', 'PUT'), json, `{"${canary}"`), 405, 'method_not_allowed'],
  ['TRACE', request(`TRACE ${session}`, `X: ${canary}\r\n`), 405, 'method_not_allowed'],
  ['no media type', request(verify, '', body('1')), 422, 'validation_failed'],
  [
    'a form',
    request(verify, 'Content-Type: application/x-www-form-urlencoded\r\n', `invitation_code=${canary}`),
    415,
    'unsupported_media_type',
  ],
  ['words behind the media type', request(verify, `Content-Type: application/json ${canary}\r\n`, '{}'), 415, 'unsupported_media_type'],
  ['a compressed body', request(verify, `${json}Content-Encoding: gzip\r\n`, gzipSync(body('1'))), 415, 'unsupported_media_type'],
  ['no body', request(name, json), 400, 'malformed_json'],
  ['half a body', request(name, json, body(`"${canary}`)), 400, 'malformed_json'],
  ['a repeated name', request(name, json, `{"name":"${canary}","name":"a"}`), 400, 'malformed_json'],
  ['__proto__', request(name, json, `{"__proto__":{"${canary}":1}}`), 400, 'malformed_json'],
  ['deep JSON', request(name, json, `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`), 400, 'malformed_json'],
  ['a body of 17 KiB', request(name, json, body(`"${canary.repeat(1_600)}"`)), 413, 'payload_too_large'],
  ['a list for a session id', request(name, json, `{"session_id":["${canary}"],"name":"a","password":"b"}`), 422, 'validation_failed'],
  ['an object for a name', request(name, json, body(`{"${canary}":"a"}`)), 422, 'validation_failed'],
  ['NUL in a name', request(name, json, body(`"${canary}\\u0000"`)), 422, 'validation_failed'],
  ['half a pair in a name', request(name, json, body(`"${canary}\\ud800"`)), 422, 'validation_failed'],
  ['an unknown session', request(`GET ${session}`, `Authorization: Bearer ${canary}\r\n`), 404, 'session_not_found'],
  ['no session', request(`GET ${session}`, `Authorization: Basic ${canary}\r\n`), 401, 'session_required'],
];

test('there are at least forty of them', () => assert.ok(refused.length >= 40));

for (const [what, bytes, status, code] of refused) {
  test(`${what}: ${status} ${code}, as a problem document that repeats nothing`, async () => {
    const text = await exchange(port, bytes);
    const answer = parseAnswer(text);
    assert.equal(answer.status, status, answer.body);
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(JSON.parse(answer.body).code, code);
    assert.equal(text.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, 'one answer');
    assert.ok(!text.toLowerCase().includes(canary), text);
  });
}

test('text after a request in its body is never read as a request', async () => {
  const hidden = `GET /${canary} HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (const line of ['GET /healthz', `POST /${canary}`, `DELETE ${session}`, verify]) {
    const text = await exchange(port, request(line, json, hidden));
    assert.equal(text.match(/HTTP\/1\.1 \d{3} /g)?.length, 1, text);
  }
});

test('the body of a request after an Upgrade is never read as a request', async () => {
  const hidden = `GET /${canary} HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (const upgrade of ['foo', 'h2c', 'websocket', 'TLS/1.0']) {
    const first = `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;
    const head = `${verify} HTTP/1.1\r\nHost: x\r\n${json}Content-Length: ${hidden.length}\r\n\r\n`;
    const socket = (await openSocket(port)).setNoDelay();
    const everything = readToEnd(socket);
    socket.write(first + head);
    // The response is there, or the connection is closed: the body comes in a separate packet.
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.write(hidden);
    const text = await everything;
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status),
      ['200'],
      text,
    );
    assert.match(text, /connection: close/i);
  }
});

test('pipelined requests are answered in order', async () => {
  const first = request('GET /healthz').toString().replace('Connection: close\r\n', '');
  const text = await exchange(port, `${first}${first}${request(`GET /${canary}`)}`);
  assert.deepEqual(
    [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status),
    ['200', '200', '404'],
  );
});
