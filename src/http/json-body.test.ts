import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp((app) => {
    app.post('/bulk', { bodyLimit: 64 * 1024, config: { jsonLimits: { maximumDepth: 3, maximumKeys: 5_000 } } }, async ({ body }) => ({
      count: (body as unknown[]).length,
    }));
    app.post('/act', async () => ({ ok: true }));
    app.register(async (scope) => {
      scope.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, text, done) => done(null, text));
      scope.post('/table', async ({ body }) => ({ type: typeof body }));
    });
  });
});
after(() => sample.app.close());

async function statusOf(type: string | undefined, more: Record<string, string> = {}): Promise<number> {
  const headers = { ...(type !== undefined && { 'content-type': type }), ...more };
  const answer = await sample.app.inject({ method: 'PUT', url: '/auth/samples/1', headers, payload: Buffer.from('{"name":"Ada"}') });
  return answer.statusCode;
}

for (const type of [
  'application/json',
  'Application/JSON',
  'application/json; charset=utf-8',
  'application/json;charset=UTF-8',
  'APPLICATION/JSON; CHARSET=utf-8',
]) {
  test(`accepts "${type}"`, async () => assert.equal(await statusOf(type), 200));
}

for (const type of [
  undefined,
  '',
  ' application/json',
  'application/json ',
  '\tapplication/json',
  'application/json\t',
  'application/json\t; charset=utf-8',
  'application/json garbage',
  'application/json;',
  'application/json;  charset=utf-8',
  'application/json; charset=utf-8; charset=latin1',
  'application/json; charset="utf-8"',
  'application/json; charset=euc-kr',
  'application/json,application/json',
  'application/jsonp',
  'text/json',
  'text/plain',
  'text/csv',
  '*/*',
]) {
  test(`refuses ${JSON.stringify(type)} with 415`, async () => assert.equal(await statusOf(type), 415));
}

test('refuses an encoded body and accepts the coding identity', async () => {
  for (const encoding of ['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', '']) {
    assert.equal(await statusOf('application/json', { 'content-encoding': encoding }), 415, encoding);
  }
  assert.equal(await statusOf('application/json', { 'content-encoding': 'Identity' }), 200);
});

test('an escaped lone surrogate passes the parser', async () => {
  const answer = await sample.app.inject({
    method: 'PUT',
    url: '/auth/samples/1',
    headers: { 'content-type': 'application/json' },
    payload: '{"name":"\\ud800"}',
  });
  assert.equal(answer.statusCode, 200);
});

test('the detail says what is wrong with the JSON, in both languages', async () => {
  const details = new Set<string>();
  for (const payload of ['', '{', '{"a":1,"a":2}', '{"__proto__":1}', '{"a":1e400}', '[[[[[[[[[]]]]]]]]]', '\ufeff{}']) {
    for (const language of ['ko', 'en']) {
      const headers = { 'content-type': 'application/json', 'accept-language': language };
      const answer = await sample.app.inject({ method: 'PUT', url: '/auth/samples/1', headers, payload });
      assert.equal(answer.json().code, 'malformed_json');
      details.add(answer.json().detail);
    }
  }
  assert.equal(details.size, 12, [...details].join('\n'));
});

test('a route may take larger bodies', async () => {
  const headers = { 'content-type': 'application/json' };
  const many = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ index })));
  const answer = await sample.app.inject({ method: 'POST', url: '/bulk', headers, payload: many });
  assert.deepEqual(answer.json(), { count: 2_000 });
  const tooMany = await sample.app.inject({ method: 'POST', url: '/bulk', headers, payload: JSON.stringify('x'.repeat(65 * 1024)) });
  assert.equal(tooMany.statusCode, 413);
});

test('a route that reads no body accepts none, an empty one and JSON', async () => {
  const post = (headers: Record<string, string>, payload?: string) =>
    sample.app.inject({ method: 'POST', url: '/act', headers, ...(payload !== undefined && { payload }) });
  assert.equal((await post({})).statusCode, 200);
  assert.equal((await post({ 'content-type': 'application/json' }, '')).statusCode, 200);
  assert.equal((await post({ 'content-type': 'application/json' }, '{}')).statusCode, 200);
  assert.equal((await post({ 'content-type': 'application/json' }, '{')).statusCode, 400);
  assert.equal((await post({ 'content-type': 'text/plain' }, 'x')).statusCode, 415);
});

test('a scope may add another media type, only for itself and never decoded either', async () => {
  const headers = { 'content-type': 'text/csv' };
  assert.deepEqual((await sample.app.inject({ method: 'POST', url: '/table', headers, payload: 'a,b' })).json(), { type: 'string' });
  const encoded = { ...headers, 'content-encoding': 'gzip' };
  assert.equal((await sample.app.inject({ method: 'POST', url: '/table', headers: encoded, payload: 'a,b' })).statusCode, 415);
  assert.equal((await sample.app.inject({ method: 'POST', url: '/act', headers, payload: 'a,b' })).statusCode, 415);
});
