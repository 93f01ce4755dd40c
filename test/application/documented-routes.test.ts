import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { openServices } from '../../src/services.ts';
import { openTestDatabase } from '../support/database.ts';

/** Redirects for clients of the original. */
const redirected = ['POST /auth/invitation/verify/', ...['name', 'birthday', 'phone'].map((step) => `PUT /auth/register/${step}/`)];

/** Pages for people and their files. */
const hidden = [
  '/',
  '/assets/*',
  '/brand/*',
  '/docs',
  '/docs/',
  '/docs/static/index.css',
  '/docs/static/swagger-initializer.js',
  '/docs/static/swagger-ui-bundle.js',
  '/docs/static/swagger-ui.css',
  '/join',
  '/join*',
  '/join/',
  '/metrics',
  '/openapi.json',
  '/redoc',
  '/redoc/redoc.standalone.js',
];

test('every route of the router is in /openapi.json, or is hidden on purpose', async () => {
  await using testDatabase = await openTestDatabase();
  const config = { ...readConfig({}), database: testDatabase.config };
  await using services = openServices(config, pino({ level: 'silent' }), testDatabase.database);
  const { http } = await buildApp(services);
  await http.ready();
  const { paths } = (await http.inject('/openapi.json')).json() as { paths: Record<string, Record<string, unknown>> };
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

  const routed: string[] = [];
  for (const url of http.routePatterns.keys()) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE'] as const) {
      // Every path answers every method: with 405 if there is no route.
      const { statusCode } = await http.inject({ method: method as 'GET', url: url.replace(/:\w+|\*/g, 'x') });
      if (statusCode !== 405) routed.push(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    }
  }
  await http.close();
  const wanted = [...hidden.map((url) => `GET ${url}`), ...redirected];
  assert.deepEqual(routed.filter((route) => !documented.includes(route)).sort(), wanted.sort());
  assert.deepEqual(
    documented.filter((route) => !routed.includes(route)),
    [],
    'documented and not there',
  );
});
