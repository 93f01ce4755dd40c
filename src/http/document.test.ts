import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';
import { sendDocument } from './document.ts';

const text = 'a document '.repeat(1_000);
let sample: SampleApp;
const hidden = { schema: { hide: true } };
let reads = 0;
let isBroken = true;
before(async () => {
  sample = await createSampleApp((app) => {
    const read = async () => {
      reads += 1;
      return text;
    };
    app.get('/long', hidden, sendDocument({ mediaType: 'text/plain', read, headers: { 'x-more': 'yes' } }));
    app.get('/short', hidden, sendDocument({ mediaType: 'text/plain', read: () => Buffer.from('short') }));
    app.get(
      '/broken',
      hidden,
      sendDocument({
        mediaType: 'text/plain',
        read: () => {
          if (isBroken) throw new Error('no such file');
          return 'fixed';
        },
      }),
    );
  });
});
after(() => sample.app.close());

const ask = (url: string, headers: Record<string, string> = {}) => sample.app.inject({ url, headers });

test('it is read once for any number of concurrent requests', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/long')));
  for (const { statusCode, body, headers } of answers) {
    assert.deepEqual([statusCode, body, headers['content-type'], headers['x-more']], [200, text, 'text/plain', 'yes']);
  }
  assert.equal(reads, 1);
});

test('it is compressed for clients that accept gzip, with another ETag', async () => {
  const plain = await ask('/long');
  for (const field of ['gzip', 'br, gzip', 'gzip;q=0.5, identity;q=0.1', '*']) {
    const packed = await ask('/long', { 'accept-encoding': field });
    assert.equal(packed.headers['content-encoding'], 'gzip', field);
    assert.equal(gunzipSync(packed.rawPayload).toString(), text);
    assert.notEqual(packed.headers.etag, plain.headers.etag);
    assert.equal(packed.headers.vary, 'Accept-Encoding');
  }
  for (const field of ['', 'identity', 'br', 'gzip;q=0', 'GZIP;q=0, *;q=0', 'gzip, '.repeat(200), ';;;,,q=']) {
    const answer = await ask('/long', { 'accept-encoding': field });
    assert.deepEqual([answer.headers['content-encoding'], answer.body, answer.headers.vary], [undefined, text, 'Accept-Encoding'], field);
  }
  const short = await ask('/short', { 'accept-encoding': 'gzip' });
  assert.deepEqual([short.headers['content-encoding'], short.body, short.headers.vary], [undefined, 'short', undefined]);
});

test('it answers 304 if the client has the representation that would be sent', async () => {
  const plain = String((await ask('/long')).headers.etag);
  const packed = String((await ask('/long', { 'accept-encoding': 'gzip' })).headers.etag);
  for (const field of [plain, `W/${plain}`, `"other", ${plain}`, `"other",W/${plain}`, '*']) {
    const { statusCode, body, headers } = await ask('/long', { 'if-none-match': field });
    assert.deepEqual([statusCode, body, headers.etag, headers.vary], [304, '', plain, 'Accept-Encoding'], field);
  }
  for (const field of ['"other"', packed, plain.slice(1, -1), ''])
    assert.equal((await ask('/long', { 'if-none-match': field })).statusCode, 200, field);
  assert.equal((await ask('/long', { 'if-none-match': packed, 'accept-encoding': 'gzip' })).statusCode, 304);
});

test('HEAD sends its length', async () => {
  const { statusCode, headers, body } = await sample.app.inject({ method: 'HEAD', url: '/long' });
  assert.deepEqual([statusCode, headers['content-length'], body], [200, String(text.length), '']);
});

test('a failed read is tried again at the next request', async () => {
  assert.equal((await ask('/broken')).statusCode, 500);
  isBroken = false;
  assert.equal((await ask('/broken')).body, 'fixed');
});

test('the OpenAPI document, the pages and their files are all sent this way', async () => {
  const urls = ['/openapi.json', '/docs', '/docs/', '/redoc', '/problems/not_found', '/docs/static/swagger-initializer.js'];
  for (const url of urls) {
    const { etag = '' } = (await ask(url)).headers;
    assert.match(etag, /^"[\w-]{43}"$/, url);
    assert.equal((await ask(url, { 'if-none-match': etag })).statusCode, 304, url);
  }
});
