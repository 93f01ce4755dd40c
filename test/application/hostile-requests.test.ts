import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { type HostileRequest, hostileRequest } from '../support/hostile-requests.ts';
import { type HostileScene, openHostileScene } from '../support/hostile-scene.ts';
import { assertClearAnswer, assertLogged, assertStored, type HostileAnswer } from '../support/hostile-verdict.ts';
import { inTime } from '../support/in-time.ts';

/** `CHODAE_TEST_CASES=100000` is the long form. A failure prints the seed; `CHODAE_TEST_SEED` repeats it. */
const cases = Number(process.env.CHODAE_TEST_CASES ?? 2_000);
const seed = process.env.CHODAE_TEST_SEED;

let scene: HostileScene;
before(async () => {
  scene = await openHostileScene();
});
after(() => scene[Symbol.asyncDispose]());

async function send({ method, path, headers, body }: HostileRequest): Promise<HostileAnswer> {
  const response = await inTime(
    scene.http.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url: path,
      headers: { ...headers },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : Buffer.from(body) }),
    }),
  );
  // `/openapi.json` is compressed if the generated headers accept it.
  const isPacked = response.headers['content-encoding'] === 'gzip' && response.rawPayload.length > 0;
  const text = isPacked ? gunzipSync(response.rawPayload).toString() : response.payload;
  return { status: response.statusCode, headers: response.headers, body: text };
}

/** How often each route gave each response: an outcome that was never reached was not tested. */
const reached = new Map<string, number>();

test(`${cases} generated requests: clear responses, no input repeated, nothing wrong stored`, async () => {
  const property = fc.asyncProperty(hostileRequest, async (generated) => {
    const stored = await scene.prepare();
    const request = scene.fill(generated);
    scene.lines.length = 0;
    const answer = await send(request);
    const line = assertLogged(scene.lines, answer.status);
    assertClearAnswer(answer);
    assertStored(request, answer, line, stored, await scene.stored());
    const key = `${line.method} ${line.route} ${answer.status}`;
    reached.set(key, (reached.get(key) ?? 0) + 1);
  });
  await fc.assert(property, { numRuns: cases, ...(seed !== undefined && { seed: Number(seed) }) });
  assert.equal(({} as Record<string, unknown>).pl4nted7319, undefined, 'a prototype was changed');
});

test('they reached every outcome', { skip: cases < 2_000 && 'too few to reach all of it' }, () => {
  const steps = ['PUT /auth/register/name', 'PUT /auth/register/birthday', 'PUT /auth/register/phone'];
  // Rarer outcomes may be missing from a short run.
  const wanted = [
    ...['200', '404', '410', '422'].map((status) => `POST /auth/invitation/verify ${status}`),
    ...steps.flatMap((step) => ['200', '400', '404', '415', '422'].map((status) => `${step} ${status}`)),
    'PUT /auth/register/phone 409',
    ...['200', '401'].map((status) => `GET /auth/register/session ${status}`),
    'DELETE /auth/register/session 200',
  ];
  const counts = wanted.map((key) => `${key}: ${reached.get(key) ?? 0}`);
  assert.deepEqual(
    counts.filter((count) => count.endsWith(': 0')),
    [],
    counts.join('\n'),
  );
});

test('many at once: clear responses too', async () => {
  const property = fc.asyncProperty(fc.array(hostileRequest, { minLength: 24, maxLength: 24 }), async (generated) => {
    await scene.prepare();
    const answers = await Promise.all(generated.map((request) => send(scene.fill(request))));
    for (const answer of answers) assertClearAnswer(answer);
    assert.ok(!scene.lines.some(({ level }) => Number(level) >= 50));
    scene.lines.length = 0;
    await scene.stored();
  });
  await fc.assert(property, { numRuns: Math.ceil(cases / 300), ...(seed !== undefined && { seed: Number(seed) }) });
});
