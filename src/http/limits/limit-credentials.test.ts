import assert from 'node:assert/strict';
import { beforeEach, type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { memoryLimiter } from '../../limits/limiter.ts';
import { Problem, problemCatalogue } from '../../problems.ts';
import { createHttpServer, type HttpServer } from '../server.ts';
import { limitFailedCredentials } from './limit-credentials.ts';

const problems = problemCatalogue({
  wrong_key: { status: 401, title: { ko: '가', en: 'a' }, detail: { ko: '가', en: 'a' } },
  role: { status: 403, title: { ko: '가', en: 'a' }, detail: { ko: '가', en: 'a' } },
});

let judged = 0;
let recognised = 0;
let givenBack = 0;
beforeEach(() => {
  judged = 0;
  recognised = 0;
  givenBack = 0;
});

/** A server whose guard takes a moment for each key and lets those in that begin with `good`. */
async function guardedServer(context: TestContext): Promise<HttpServer> {
  const app = createHttpServer({ log: pino({ level: 'silent' }), defaultLanguage: 'en' });
  const rate = { count: 5, seconds: 60 };
  const counting = memoryLimiter('keys', rate, 'secret');
  const limiter = {
    ...counting,
    /** As a store takes it. */
    async take(network: string) {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return counting.take(network);
    },
    async giveBack(network: string) {
      givenBack += 1;
      await counting.giveBack(network);
    },
  };
  app.register(async (scope) => {
    limitFailedCredentials(scope, {
      limiter,
      own: 'good-and-ours',
      isShaped: (authorization) => !authorization.includes('shapeless'),
      async isGood(authorization) {
        recognised += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return authorization.includes('good') || authorization.includes('lesser');
      },
      isWrong: ({ kind }) => kind === problems.wrong_key,
    });
    scope.addHook('onRequest', async ({ headers: { authorization = '' } }) => {
      judged += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (authorization.includes('lesser')) throw new Problem(problems.role);
      if (!authorization.includes('good')) throw new Problem(problems.wrong_key);
    });
    scope.get('/inside', async () => ({}));
  });
  context.after(() => app.close());
  await app.ready();
  return app;
}

async function ask(app: HttpServer, key: string | undefined, remoteAddress = '192.0.2.1'): Promise<number> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return (await app.inject({ url: '/inside', remoteAddress, headers })).statusCode;
}

function countsOf(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const many = (count: number, work: (index: number) => Promise<number>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

test('of 200 wrong keys at once exactly as many are judged as the limit allows', async (context) => {
  const app = await guardedServer(context);
  assert.deepEqual(countsOf(await many(200, (index) => ask(app, `wrong-${index}`))), { 401: 5, 429: 195 });
  assert.equal(judged, 5);
  assert.equal(await ask(app, 'wrong', '192.0.2.2'), 401);
});

test('a refusal says when to come again, and a request without a key is not counted', async (context) => {
  const app = await guardedServer(context);
  await many(20, () => ask(app, undefined));
  await many(5, (index) => ask(app, `wrong-${index}`));
  const { statusCode, headers } = await app.inject({
    url: '/inside',
    remoteAddress: '192.0.2.1',
    headers: { authorization: 'Bearer more' },
  });
  assert.equal(statusCode, 429);
  assert.deepEqual([headers['ratelimit-policy'], headers.ratelimit, headers['retry-after']], ['"keys";q=5;w=60', '"keys";r=0;t=60', '60']);
});

test('a good key is never refused, however many requests bring it at once, and is not counted', async (context) => {
  const app = await guardedServer(context);
  for (let round = 0; round < 3; round += 1) assert.deepEqual(countsOf(await many(100, () => ask(app, 'good'))), { 200: 100 });
  for (let key = 0; key < 10; key += 1) assert.equal(await ask(app, `good-${key}`), 200);
  assert.deepEqual(countsOf(await many(20, (index) => ask(app, `wrong-${index}`))), { 401: 5, 429: 15 });
});

test('a good key gets in from a network whose wrong ones are refused, whether or not this process has seen it', async (context) => {
  const app = await guardedServer(context);
  assert.equal(await ask(app, 'good'), 200);
  assert.deepEqual(countsOf(await many(20, (index) => ask(app, `wrong-${index}`))), { 401: 5, 429: 15 });
  assert.equal(await ask(app, 'good'), 200);
  assert.equal(recognised, 15);
  assert.deepEqual(countsOf(await many(50, () => ask(app, 'good-but-new'))), { 200: 50 });
  assert.equal(await ask(app, 'lesser-but-new'), 403);
  assert.equal(await ask(app, 'wrong-again'), 429);
  assert.equal(judged, 1 + 5 + 1 + 50 + 1, 'wrong ones over the limit reach no guard');
});

test('a good key over the limit gives nothing back to those who guess', async (context) => {
  const app = await guardedServer(context);
  await many(20, (index) => ask(app, `wrong-${index}`));
  const mixed = await many(60, (index) => ask(app, index % 3 === 0 ? 'good' : index % 3 === 1 ? `good-${index}` : `wrong-${index}`));
  assert.deepEqual(countsOf(mixed), { 200: 40, 429: 20 });
  // One after the other: a request that ends finds the count of the next one with the same key, which was refused or will be.
  for (const [key, status] of [
    ['good-again', 200],
    ['wrong-again', 429],
  ] as const) {
    const asked: Promise<number>[] = [];
    for (let request = 0; request < 50; request += 1) {
      asked.push(ask(app, key));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(countsOf(await Promise.all(asked)), { [status]: 50 });
  }
  assert.equal(givenBack, 0);
  assert.deepEqual(countsOf(await many(20, (index) => ask(app, `wrong-${index}`))), { 429: 20 });
});

test('what cannot be a credential is refused by the guard without a count, before and after the limit is reached', async (context) => {
  const app = await guardedServer(context);
  assert.deepEqual(countsOf(await many(50, () => ask(app, 'shapeless'))), { 401: 50 });
  assert.deepEqual(countsOf(await many(20, (index) => ask(app, `wrong-${index}`))), { 401: 5, 429: 15 });
  assert.equal(await ask(app, 'shapeless'), 401);
  assert.equal(recognised, 15);
});

test('a key that is in use is not locked out by others, however long they go on', async (context) => {
  const app = await guardedServer(context);
  let now = Date.now();
  context.mock.method(Date, 'now', () => now);
  assert.equal(await ask(app, 'good'), 200);
  for (let minute = 20; minute < 180; minute += 20) {
    now += 20 * 60_000;
    assert.ok((await many(20, (index) => ask(app, `wrong-${minute}-${index}`))).includes(429));
    assert.equal(await ask(app, 'good'), 200);
  }
});

test('a refusal that says nothing about the key gives the count back', async (context) => {
  const app = await guardedServer(context);
  for (let round = 0; round < 20; round += 1) assert.equal(await ask(app, 'lesser'), 403);
  assert.deepEqual(countsOf(await many(20, (index) => ask(app, `wrong-${index}`))), { 401: 5, 429: 15 });
});

test("the process's own key gets in whatever others do from the same address", async (context) => {
  const app = await guardedServer(context);
  await many(20, (index) => ask(app, `wrong-${index}`));
  assert.equal(await ask(app, 'good-and-ours'), 200);
  assert.equal(recognised, 15);
});
