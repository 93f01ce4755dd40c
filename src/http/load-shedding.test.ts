import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { overloaded } from '../overload/problems.ts';
import { shedRequests } from './load-shedding.ts';
import { createHttpServer } from './server.ts';

test('a refused request reaches no handler of its scope, and other scopes are not affected', async () => {
  const app = createHttpServer({ log: pino({ level: 'silent' }), defaultLanguage: 'en' });
  const reached: string[] = [];
  let isOverloaded = true;
  app.register(async (scope) => {
    shedRequests(scope, () => (isOverloaded ? overloaded(3) : undefined));
    scope.addHook('onRequest', async ({ url }) => void reached.push(url));
    scope.post('/shed', async () => ({ ok: true }));
  });
  app.get('/healthz', async () => ({ ok: true }));
  const refused = await app.inject({ method: 'POST', url: '/shed', payload: {} });
  assert.equal(refused.statusCode, 503);
  assert.equal(refused.headers['retry-after'], '3');
  assert.equal(refused.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(refused.json().code, 'overloaded');
  assert.equal((await app.inject('/healthz')).statusCode, 200);
  assert.deepEqual(reached, []);
  isOverloaded = false;
  assert.equal((await app.inject({ method: 'POST', url: '/shed', payload: {} })).statusCode, 200);
  assert.deepEqual(reached, ['/shed']);
  await app.close();
});
