import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp();
});
after(() => sample.app.close());

const onEveryAnswer = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
const api = {
  ...onEveryAnswer,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'",
};
const kept = { 'cache-control': 'public, max-age=0' };
const page = {
  ...onEveryAnswer,
  ...kept,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; " +
    "worker-src blob:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; form-action 'none'",
};
const json = { 'content-type': 'application/json; charset=utf-8' };
const problem = { 'content-type': 'application/problem+json; charset=utf-8', 'content-language': 'en', vary: 'Accept-Language' };

const snapshots: readonly [method: 'GET' | 'PUT' | 'POST' | 'OPTIONS', url: string, expected: Record<string, string>][] = [
  ['PUT', '/auth/samples/1', { ...api, ...json }],
  ['GET', '/healthz', { ...api, ...json }],
  ['GET', '/readyz', { ...api, ...json }],
  ['GET', '/openapi.json', { ...api, ...json, ...kept, vary: 'Accept-Encoding' }],
  ['GET', '/problems/not_found', { ...api, ...json, ...kept }],
  ['GET', '/nowhere', { ...api, ...problem }],
  ['GET', '/%zz', { ...api, ...problem }],
  ['POST', '/healthz', { ...api, ...problem, allow: 'GET, HEAD, OPTIONS' }],
  ['OPTIONS', '/healthz', { ...api, allow: 'GET, HEAD, OPTIONS' }],
  ['GET', '/', { ...api, location: 'docs' }],
  ['GET', '/docs', page],
  ['GET', '/docs/', page],
  ['GET', '/redoc', page],
];

for (const [method, url, expected] of snapshots) {
  test(`the header fields of ${method} ${url}`, async () => {
    const answer = await sample.app.inject({ method, url, ...(method === 'PUT' && { payload: { name: 'Ada' } }) });
    const { date, connection, 'content-length': length, 'x-request-id': id, etag, ...headers } = answer.headers;
    assert.deepEqual(headers, expected);
    assert.ok(id);
  });
}

test('static files of the pages may be cached and are revalidated', async () => {
  for (const url of ['/docs/static/swagger-ui.css', '/docs/static/swagger-ui-bundle.js', '/redoc/redoc.standalone.js']) {
    const answer = await sample.app.inject(url);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers['cache-control'], 'public, max-age=0');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    const again = await sample.app.inject({ url, headers: { 'if-none-match': String(answer.headers.etag) } });
    assert.equal(again.statusCode, 304, url);
  }
});

test('HSTS is never sent over plain HTTP', async () => {
  for (const url of ['/healthz', '/docs', '/nowhere']) {
    const answer = await sample.app.inject({ url, headers: { 'x-forwarded-proto': 'https' } });
    assert.equal(answer.headers['strict-transport-security'], undefined);
  }
});

test('no page allows another host or an inline script', async () => {
  for (const url of ['/docs', '/redoc']) {
    const answer = await sample.app.inject(url);
    assert.ok(!/https?:|\*|unsafe-eval/.test(String(answer.headers['content-security-policy'])));
    assert.ok(!/<script(?![^>]*\bsrc=)|\son\w+=|(?:src|href)="(?:https?:)?\/\//i.test(answer.body), answer.body);
  }
});
