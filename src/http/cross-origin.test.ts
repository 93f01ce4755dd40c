import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { Problem } from '../problems.ts';
import { httpProblems } from './http-problems.ts';
import { completeMethods } from './methods.ts';
import { createHttpServer, type HttpServer } from './server.ts';

const page = 'https://app.example.com';

async function sharingServer(context: TestContext, origins: readonly string[] = [page]): Promise<HttpServer> {
  const app = createHttpServer({
    log: pino({ level: 'silent' }),
    defaultLanguage: 'en',
    corsOrigins: origins,
  });
  const shared = { config: { crossOrigin: true } };
  app.put('/auth/thing', shared, async () => ({ ok: true }));
  app.get('/auth/thing', shared, async () => ({ ok: true }));
  app.get('/auth/busy', shared, async () => {
    throw new Problem(httpProblems.not_ready);
  });
  app.get('/auth/bug', shared, async () => {
    throw new TypeError('a bug');
  });
  app.get('/admin/thing', async () => ({ ok: true }));
  completeMethods(app);
  context.after(() => app.close());
  await app.ready();
  return app;
}

const crossOriginFields = ({ headers }: LightMyRequestResponse) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));
const exposed = {
  'access-control-allow-origin': page,
  'access-control-expose-headers': 'Allow, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id',
};

test('a page of an allowed origin may read responses and errors, without credentials', async (context) => {
  const app = await sharingServer(context);
  const json = { 'content-type': 'application/json' };
  const asked: readonly (readonly [number, InjectOptions])[] = [
    [200, { url: '/auth/thing' }],
    [200, { method: 'HEAD', url: '/auth/thing' }],
    [200, { method: 'PUT', url: '/auth/thing', payload: {} }],
    [400, { method: 'PUT', url: '/auth/thing', payload: '{', headers: json }],
    [413, { method: 'PUT', url: '/auth/thing', payload: `"${'a'.repeat(20_000)}"`, headers: json }],
    [415, { method: 'PUT', url: '/auth/thing', payload: 'a', headers: { 'content-type': 'text/plain' } }],
    [405, { method: 'DELETE', url: '/auth/thing' }],
    [503, { url: '/auth/busy' }],
    [500, { url: '/auth/bug' }],
  ];
  for (const [status, options] of asked) {
    const answer = await app.inject({ ...options, headers: { ...options.headers, origin: page } });
    assert.equal(answer.statusCode, status);
    assert.deepEqual(crossOriginFields(answer), exposed, String(status));
    assert.equal(answer.headers.vary, status < 400 ? 'Origin' : 'Origin, Accept-Language');
  }
});

test('a preflight gets the allowed methods and headers; any other OPTIONS does not', async (context) => {
  const app = await sharingServer(context);
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/auth/thing',
    headers: { origin: page, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization,content-type' },
  });
  assert.deepEqual([preflight.statusCode, preflight.body, preflight.headers.vary], [204, '', 'Origin']);
  assert.deepEqual(crossOriginFields(preflight), {
    'access-control-allow-origin': page,
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key',
    'access-control-max-age': '7200',
  });
  const options = await app.inject({ method: 'OPTIONS', url: '/auth/thing', headers: { origin: page } });
  assert.deepEqual(crossOriginFields(options), exposed);
});

const strangers = [
  'https://evil.example',
  'null',
  `${page}.evil.example`,
  `${page}:8443`,
  'http://app.example.com',
  `${page}/`,
  page.toUpperCase(),
].concat([`${page}, ${page}`, `${page} https://evil.example`, 'https://app-example.com', '']);

test('no other origin is allowed, and Vary names Origin', async (context) => {
  const app = await sharingServer(context);
  for (const origin of [...strangers, undefined]) {
    for (const method of ['GET', 'PUT', 'OPTIONS'] as const) {
      const headers = { ...(origin !== undefined && { origin }), 'access-control-request-method': 'PUT' };
      const answer = await app.inject({ method, url: '/auth/thing', headers, ...(method === 'PUT' && { payload: {} }) });
      assert.deepEqual(crossOriginFields(answer), {}, `${method} ${origin}`);
      assert.equal(answer.headers.vary, 'Origin');
    }
  }
});

test('routes without CORS, unknown paths and a service without allowed origins send no CORS headers', async (context) => {
  const app = await sharingServer(context);
  for (const url of ['/admin/thing', '/nowhere', '/auth/nowhere']) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await app.inject({ method, url, headers: { origin: page, 'access-control-request-method': 'GET' } });
      assert.deepEqual(crossOriginFields(answer), {}, url);
      assert.ok(!String(answer.headers.vary).includes('Origin'));
    }
  }
  const closed = await sharingServer(context, []);
  const answer = await closed.inject({ url: '/auth/thing', headers: { origin: page } });
  assert.deepEqual([crossOriginFields(answer), answer.headers.vary], [{}, undefined]);
});
