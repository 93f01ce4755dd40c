import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { exchange, parseAnswer } from '../../../test/support/raw-http.ts';
import { memoryLimiter } from '../../limits/limiter.ts';
import { completeMethods } from '../methods.ts';
import { createHttpServer } from '../server.ts';
import { limitRoutes } from './limit-routes.ts';

/** A server with one limited route; it tells how often the route was reached. */
async function limitedServer(context: TestContext) {
  const app = createHttpServer({ log: pino({ level: 'silent' }), defaultLanguage: 'en' });
  const rate = { count: 1_000, seconds: 60 };
  const network = memoryLimiter('verify', rate, 'secret');
  let reached = 0;
  const count = async () => {
    reached += 1;
    return {};
  };
  app.register(
    async (scope) => {
      limitRoutes(scope, { verify: { network }, password: { network }, session: { network } });
      const config = { limit: 'verify' as const };
      scope.get('/invitation/verify', { config }, count);
      scope.post('/invitation/verify', { config }, count);
    },
    { prefix: '/auth' },
  );
  completeMethods(app);
  context.after(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return {
    reached: () => reached,
    async ask(method: string, target: string, fields = '') {
      const answer = parseAnswer(await exchange(port, `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields}\r\n`));
      return { ...answer, left: Number(/"verify";r=(\d+)/.exec(answer.headers.ratelimit ?? '')?.[1] ?? Number.NaN) };
    },
  };
}

const spellings = [
  '/auth/invitation/verify',
  '/auth/invitation/verify?',
  '/auth/invitation/verify?x=1&x=2',
  '/auth/invitation/verify?/../other',
  '/auth/invitation/verify#part',
  '/auth/invitation/verif%79',
  '/%61uth/invitation/verify',
  '/auth/%69nvitation/verif%79?%00',
  '/auth/invitation%2Fverify',
  '/auth/invitation/verify%3Fx',
  '/auth/invitation/verify;x=1',
  '/auth/invitation/verify/',
  '/auth/invitation/verify//',
  '//auth/invitation/verify',
  '/auth//invitation/verify',
  '/auth/./invitation/verify',
  '/auth/x/../invitation/verify',
  '/auth/%2e/invitation/verify',
  '/AUTH/invitation/verify',
  '/auth/Invitation/Verify',
  '/auth/invitation/verify%20',
  '/auth/invitation/verify%00',
  'http://x/auth/invitation/verify',
  'http://y:1/auth/invitation/verify?x',
];

test('however the address is spelled, what reaches the route is counted in the same place', async (context) => {
  const server = await limitedServer(context);
  let counted = 0;
  for (const target of spellings) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const before = server.reached();
      const { left } = await server.ask(method, target);
      if (server.reached() === before) continue;
      counted += 1;
      assert.equal(left, 1_000 - counted, `${method} ${target}`);
    }
  }
  assert.ok(counted >= 20, `only ${counted} requests reached the route`);
  assert.equal(server.reached(), counted);
});

test('fields that claim another address, method or URL change nothing', async (context) => {
  const server = await limitedServer(context);
  let left = 1_000;
  for (const field of [
    'X-Forwarded-For: 198.51.100.7',
    'Forwarded: for=198.51.100.7',
    'X-Real-IP: 198.51.100.7',
    'True-Client-IP: 198.51.100.7',
    'CF-Connecting-IP: 198.51.100.7',
    'X-Original-URL: /healthz',
    'X-Rewrite-URL: /healthz',
    'X-HTTP-Method-Override: OPTIONS',
  ]) {
    left -= 1;
    assert.equal((await server.ask('GET', '/auth/invitation/verify', `${field}\r\n`)).left, left, field);
  }
});

test('a method that the address does not take is refused without a count', async (context) => {
  const server = await limitedServer(context);
  for (const method of ['OPTIONS', 'DELETE', 'TRACE']) {
    const { status, left } = await server.ask(method, '/auth/invitation/verify');
    assert.equal(status, method === 'OPTIONS' ? 204 : 405);
    assert.ok(Number.isNaN(left));
  }
  assert.equal((await server.ask('GET', '/auth/invitation/verify')).left, 999);
});

test('a route that names no limit is not added to a limited scope', async () => {
  const app = createHttpServer({ log: pino({ level: 'silent' }), defaultLanguage: 'en' });
  const network = memoryLimiter('verify', { count: 1, seconds: 60 }, 'secret');
  app.register(async (scope) => {
    limitRoutes(scope, { verify: { network }, password: { network }, session: { network } });
    scope.get('/forgotten', async () => ({}));
  });
  await assert.rejects(async () => app.ready(), /\/forgotten names no limit/);
});
