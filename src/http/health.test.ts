import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Problem } from '../problems.ts';
import { addHealth, cachedReadiness } from './health.ts';
import { createHttpServer } from './server.ts';

async function serverWith(checkReady: () => Promise<void>) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const app = createHttpServer({ log, defaultLanguage: 'ko' });
  addHealth(app, { checkReady });
  await app.ready();
  return { app, lines };
}

test('a process that cannot serve is alive and not ready', async () => {
  let checks = 0;
  const { app, lines } = await serverWith(async () => {
    checks += 1;
    throw new Error('secret canary');
  });
  const alive = await app.inject('/healthz');
  assert.equal(alive.statusCode, 200);
  assert.deepEqual(alive.json(), { status: 'ok' });
  assert.equal(checks, 0);

  const ready = await app.inject('/readyz');
  assert.equal(ready.statusCode, 503);
  assert.equal(ready.json().code, 'not_ready');
  assert.equal(ready.headers['retry-after'], '1');
  assert.ok(lines.some((line) => line.level === 40 && line.code === 'not_ready'));
  assert.ok(!JSON.stringify(lines).includes('canary'));
  await app.close();
});

test('a process that can serve is ready', async () => {
  const { app } = await serverWith(async () => undefined);
  const ready = await app.inject('/readyz');
  assert.deepEqual([ready.statusCode, ready.json()], [200, { status: 'ready' }]);
  await app.close();
});

test('concurrent probes share one check, and its result for a while', async () => {
  let checks = 0;
  const isReady = cachedReadiness({
    cacheMilliseconds: 100,
    checkReady: async () => {
      checks += 1;
      await delay(20);
    },
  });
  await Promise.all(Array.from({ length: 50 }, isReady));
  await isReady();
  assert.equal(checks, 1);
  await delay(150);
  await isReady();
  assert.equal(checks, 2);
});

test('a failed check is shared too, and does not last', async () => {
  let fails = true;
  const isReady = cachedReadiness({
    cacheMilliseconds: 50,
    checkReady: () => {
      if (fails) throw new Error('no promise at all');
      return Promise.resolve();
    },
  });
  const outcomes = await Promise.allSettled([isReady(), isReady(), isReady()]);
  assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  fails = false;
  await assert.rejects(isReady(), Problem);
  await delay(80);
  await isReady();
});

test('a check that never ends times out', async () => {
  const isReady = cachedReadiness({ deadlineMilliseconds: 50, checkReady: () => new Promise(() => undefined) });
  const before = performance.now();
  await assert.rejects(isReady(), (error) => error instanceof Problem && error.kind.code === 'not_ready');
  assert.ok(performance.now() - before < 8_000);
});
