import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { after, before, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp((app) => {
    app.register(async (scope) => scope.get('/', async () => ({ ok: true })), { prefix: '/slash' });
    app.get('/lists/:id', async () => ({ route: 'one' }));
    app.post('/lists/new', async () => ({ route: 'new' }));
  });
});
after(() => sample.app.close());

const known: readonly [url: string, methods: string][] = [
  ['/auth/samples/1', 'GET, HEAD, OPTIONS, PUT'],
  ['/healthz', 'GET, HEAD, OPTIONS'],
  ['/problems/not_found', 'GET, HEAD, OPTIONS'],
  ['/openapi.json', 'GET, HEAD, OPTIONS'],
  ['/docs', 'GET, HEAD, OPTIONS'],
  ['/docs/', 'GET, HEAD, OPTIONS'],
  ['/docs/static/index.css', 'GET, HEAD, OPTIONS'],
  ['/redoc', 'GET, HEAD, OPTIONS'],
  ['/', 'GET, HEAD, OPTIONS'],
  ['/slash', 'GET, HEAD, OPTIONS'],
  ['/slash/', 'GET, HEAD, OPTIONS'],
];

for (const [url, allow] of known) {
  test(`${url} answers every other method with 405 and Allow`, async () => {
    for (const method of METHODS.filter((one) => one !== 'CONNECT' && !allow.split(', ').includes(one))) {
      const answer = await sample.app.inject({ method: method as NonNullable<InjectOptions['method']>, url });
      assert.equal(answer.statusCode, 405, method);
      assert.equal(answer.headers.allow, allow);
      assert.equal(answer.json().code, 'method_not_allowed');
    }
  });

  test(`${url} answers OPTIONS with 204 and Allow`, async () => {
    const answer = await sample.app.inject({ method: 'OPTIONS', url });
    assert.equal(answer.statusCode, 204);
    assert.equal(answer.headers.allow, allow);
    assert.equal(answer.body, '');
  });

  test(`${url} answers HEAD like GET, without a body`, async () => {
    const [head, get] = [await sample.app.inject({ method: 'HEAD', url }), await sample.app.inject({ method: 'GET', url })];
    assert.equal(head.statusCode, get.statusCode);
    assert.equal(head.body, '');
    assert.equal(head.headers['content-type'], get.headers['content-type']);
  });
}

test('an unknown path is a 404 for every method', async () => {
  for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE', 'PROPFIND'] as const) {
    const answer = await sample.app.inject({ method: method as 'GET', url: '/nowhere' });
    assert.equal(answer.statusCode, 404, method);
    assert.equal(answer.headers.allow, undefined);
  }
});

test('a fixed path goes before a pattern, for every method', async () => {
  assert.deepEqual((await sample.app.inject('/lists/7')).json(), { route: 'one' });
  assert.deepEqual((await sample.app.inject({ method: 'POST', url: '/lists/new' })).json(), { route: 'new' });
  const answer = await sample.app.inject('/lists/new');
  assert.equal(answer.statusCode, 405);
  assert.equal(answer.headers.allow, 'OPTIONS, POST');
});

test('a percent-encoded letter is decoded and goes to the same route', async () => {
  const answer = await sample.app.inject({ method: 'PUT', url: '/%61uth/samples/1', payload: { name: 'Ada' } });
  assert.equal(answer.statusCode, 200);
  assert.equal(sample.lines.at(-1)?.route, '/auth/samples/:id');
});
