import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { readConfig } from '../../src/config/read-config.ts';
import { type Application, openApplication } from '../support/application.ts';
import { beginSignUp, invite } from '../support/sign-up-scenes.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'];
const overTls = { 'x-forwarded-proto': 'https' };

/** @returns every path of the router and some unknown ones, each with every method. */
function everyRequest({ http }: Application): { method: string; url: string }[] {
  const urls = [...http.routePatterns.keys()].map((pattern) => pattern.replace(/:\w+|\*/g, 'x'));
  return [...urls, '/nowhere', '/auth/nowhere'].flatMap((url) => methods.map((method) => ({ method, url })));
}

const ask = ({ http }: Application, { method, url }: { method: string; url: string }, headers = {}) =>
  http.inject({ method: method as 'GET', url, headers });

test('if HTTPS is required, no path works over plain HTTP except the two health checks', async (context) => {
  await using application = await openApplication({ forceHttps: true, trustedProxies: ['loopback'] });
  await application.http.ready();
  const requests = everyRequest(application);
  assert.ok(requests.length > 300, `${requests.length}`);
  const run = context.mock.method(application.services.database, 'run');
  for (const request of requests) {
    const { statusCode, headers, body } = await ask(application, request);
    const which = `${request.method} ${request.url}`;
    assert.equal(headers['strict-transport-security'], undefined, which);
    const isPassed = ['GET', 'HEAD'].includes(request.method);
    if (isPassed && ['/healthz', '/readyz'].includes(request.url)) assert.equal(statusCode, 200, which);
    else if (isPassed) assert.deepEqual([statusCode, headers.location, body], [308, `https://localhost${request.url}`, ''], which);
    else assert.deepEqual([statusCode, JSON.parse(body).code], [403, 'https_required'], which);
  }
  assert.deepEqual(
    run.mock.calls.map((call) => call.arguments[0].name).filter((name) => name !== 'ping'),
    [],
    'the database heard of none',
  );
});

test('a credential sent unencrypted is refused and not redirected', async () => {
  await using application = await openApplication({ forceHttps: true, trustedProxies: ['loopback'] });
  for (const url of ['/admin/me', '/metrics', '/auth/register/session']) {
    const headers = { authorization: `Bearer ${application.services.localKey}` };
    const { statusCode, body } = await ask(application, { method: 'GET', url }, headers);
    assert.deepEqual([statusCode, JSON.parse(body).code], [403, 'https_required'], url);
  }
});

test('a proxy that does not send X-Forwarded-Proto is logged once', async () => {
  await using application = await openApplication({ forceHttps: true, trustedProxies: ['loopback'] });
  const throughProxy = { 'x-forwarded-for': '203.0.113.7' };
  for (let time = 0; time < 3; time += 1) await ask(application, { method: 'GET', url: '/docs' }, throughProxy);
  assert.equal(application.logged.filter((line) => line.includes('sends no X-Forwarded-Proto')).length, 1);
});

test('every response over TLS has HSTS besides the usual headers', async () => {
  await using application = await openApplication({ forceHttps: true, trustedProxies: ['loopback'] });
  await application.http.ready();
  for (const request of everyRequest(application)) {
    const { statusCode, headers } = await ask(application, request, overTls);
    const which = `${request.method} ${request.url}: ${statusCode}`;
    assert.notEqual(statusCode, 308, which);
    assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains', which);
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none';.*frame-ancestors 'none'; base-uri 'none'; object-src 'none'/,
      which,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff', which);
    assert.equal(headers['referrer-policy'], 'no-referrer', which);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', which);
    if (/^\/(?:auth|admin|healthz|readyz)/.test(request.url)) assert.equal(headers['cache-control'], 'no-store', which);
    assert.ok(headers['x-request-id'], which);
    assert.equal(headers.server ?? headers['x-powered-by'] ?? headers['access-control-allow-origin'], undefined, which);
  }
});

test('an unencrypted sign-up leaves nothing behind, neither in the database nor in the log', async () => {
  await using application = await openApplication({ forceHttps: true, trustedProxies: ['loopback'] });
  const code = await invite(application);
  const { verify, name, send, logged } = application;
  assert.deepEqual([(await verify(code)).status, (await name('a-session', 'Kim', 'a password of hers')).status], [403, 403]);
  const inside = await send('POST', '/auth/invitation/verify', { invitation_code: code }, overTls);
  assert.equal(inside.status, 200);
  const lines = logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
  assert.deepEqual(
    lines.map(({ route, status, code: refusal }) => [route, status, refusal]),
    [
      ['/auth/invitation/verify', 403, 'https_required'],
      ['/auth/register/name', 403, 'https_required'],
      ['/auth/invitation/verify', 200, undefined],
    ],
  );
});

const page = 'https://app.example.com';

test('pages of an allowed origin may call the sign-up, the problems and the API document, and no other path', async () => {
  await using application = await openApplication({ corsOrigins: [page] });
  await application.http.ready();
  const shared: string[] = [];
  for (const pattern of application.http.routePatterns.keys()) {
    const url = pattern.replace(/:\w+|\*/g, 'x');
    const preflight = { origin: page, 'access-control-request-method': 'PUT' };
    const { headers } = await application.http.inject({ method: 'OPTIONS', url, headers: preflight });
    if (headers['access-control-allow-origin'] !== undefined) shared.push(pattern);
  }
  assert.deepEqual(shared.sort(), [
    '/auth/invitation/verify',
    '/auth/register/birthday',
    '/auth/register/name',
    '/auth/register/phone',
    '/auth/register/session',
    '/auth/register/session/renew',
    '/openapi.json',
    '/problems/:code',
  ]);
});

test('a page of an allowed origin can sign up and read every error, but no operator routes', async () => {
  const defaults = readConfig({}).limits ?? assert.fail();
  const limits = { ...defaults, verify: { count: 3, seconds: 600 } };
  await using application = await openApplication({ corsOrigins: [page], limits, allow: [/request failed/] });
  const fromPage = (options: InjectOptions) => application.http.inject({ ...options, headers: { ...options.headers, origin: page } });
  const code = await invite(application);
  const verify = { method: 'POST', url: '/auth/invitation/verify', payload: { invitation_code: code } } as const;
  const preflight = await fromPage({ method: 'OPTIONS', url: verify.url, headers: { 'access-control-request-method': 'POST' } });
  assert.deepEqual([preflight.statusCode, preflight.headers['access-control-allow-origin']], [204, page]);
  const [good, unknown, malformed, limited] = [
    await fromPage(verify),
    await fromPage({ ...verify, payload: { invitation_code: 'nobody-has-this' } }),
    await fromPage({ ...verify, payload: '{', headers: { 'content-type': 'application/json' } }),
    await fromPage(verify),
  ];
  assert.deepEqual(
    [good, unknown, malformed, limited].map(({ statusCode }) => statusCode),
    [200, 404, 400, 429],
  );
  for (const { headers } of [good, unknown, malformed, limited]) {
    assert.equal(headers['access-control-allow-origin'], page);
    assert.equal(headers['access-control-allow-credentials'], undefined);
    assert.match(String(headers.vary), /^Origin/);
  }
  assert.ok(limited.headers['retry-after']);
  assert.match(String(limited.headers['access-control-expose-headers']), /Retry-After/);

  for (const url of ['/admin/me', '/admin/invitations', '/metrics', '/healthz', '/docs', '/', '/nowhere']) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await fromPage({ method, url, headers: { 'access-control-request-method': 'GET' } });
      assert.equal(answer.headers['access-control-allow-origin'], undefined, url);
    }
  }
  for (const url of ['/openapi.json', '/problems/rate_limited']) {
    assert.equal((await fromPage({ url })).headers['access-control-allow-origin'], page, url);
  }
});

test('without allowed origins no response names one', async () => {
  await using application = await openApplication();
  const sessionId = await beginSignUp(application, await invite(application));
  for (const url of ['/auth/register/session', '/openapi.json']) {
    const answer = await application.http.inject({ url, headers: { origin: page, authorization: `Bearer ${sessionId}` } });
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.ok(!String(answer.headers.vary).includes('Origin'));
  }
});
