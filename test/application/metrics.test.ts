import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { problemCatalogues } from '../../src/app.ts';
import { httpProblems } from '../../src/http/http-problems.ts';
import { sweptRows } from '../../src/services.ts';
import { sweepRows } from '../../src/sweeping/sweep.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { readSamples, type Samples, sumOf } from '../support/prometheus-text.ts';
import { bearer, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';

const codes = new Set([...problemCatalogues, httpProblems].flatMap((catalogue) => Object.keys(catalogue)));
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query, services, send } = application;

async function metrics(): Promise<Samples> {
  return readSamples(await services.metrics.registry.metrics());
}

/** By how much each sample has grown during some work; unchanged ones are skipped. */
async function growth(work: () => Promise<unknown>): Promise<Samples> {
  const before = await metrics();
  await work();
  const now = await metrics();
  const grown = [...now].map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const);
  return new Map(grown.filter(([, more]) => more !== 0));
}

test('a sign-up is counted by its steps, and its seat once, however often the last request is repeated', async () => {
  const grown = await growth(async () => {
    const { sessionId, person } = await signUpToLastStep(application, await invite(application));
    for (let times = 0; times < 3; times += 1) assert.equal((await application.phone(sessionId, person.phone)).status, 200);
  });
  const steps = ['verified', 'name', 'birthday', 'phone'].map((step) => grown.get(`chodae_signup_steps_total{step="${step}"}`));
  assert.deepEqual(steps, [1, 1, 1, 3]);
  assert.equal(grown.get('chodae_seats_claimed_total'), 1);
  assert.equal(grown.get('chodae_http_requests_total{method="PUT",route="/auth/register/phone",status="200"}'), 3);
  assert.equal(grown.get('chodae_http_request_duration_seconds_count{method="PUT",route="/auth/register/name"}'), 1);
  assert.equal(grown.get('chodae_hash_wait_seconds_count'), 1);
});

test('an error is counted by its code, and not as a step', async () => {
  const grown = await growth(() => application.verify('no such code'));
  assert.equal(grown.get('chodae_refusals_total{code="invitation_not_found"}'), 1);
  assert.equal(grown.get('chodae_http_requests_total{method="POST",route="/auth/invitation/verify",status="404"}'), 1);
  assert.equal(sumOf(grown, 'chodae_signup_steps_total'), 0);
});

test('a thousand random paths, methods and codes add no label and no client input', async () => {
  await send('GET', '/nowhere');
  await send('GET', '/problems/nowhere');
  await send('PUT', '/auth/invitation/verify');
  await application.verify('nowhere');
  const before = await metrics();
  const sent: string[] = [];
  for (let times = 0; times < 250; times += 1) {
    const canary = `canary${randomBytes(6).toString('hex')}`;
    sent.push(canary);
    await send('GET', `/${canary}/${canary}?${canary}=${canary}`);
    await send('GET', `/problems/${canary}`);
    await send('PUT', `/auth/invitation/verify?${canary}`, undefined, { 'x-canary': canary, authorization: `Bearer ${canary}` });
    await application.verify(canary);
  }
  const now = await metrics();
  const added = [...now.keys()].filter((name) => !before.has(name));
  // Some of the codes look mistyped, which has its own problem code.
  assert.deepEqual(
    added.filter((name) => !codes.has(/^chodae_refusals_total\{code="(\w+)"\}$/.exec(name)?.[1] ?? '')),
    [],
  );
  assert.equal((now.get('chodae_http_requests_total{method="GET",route="unknown",status="404"}') ?? 0) >= 250, true);
  const text = await services.metrics.registry.metrics();
  assert.deepEqual(
    sent.filter((canary) => text.includes(canary)),
    [],
  );
});

test('malformed URLs are counted like unknown ones', async () => {
  const grown = await growth(() => send('GET', '/%E0%A4%A'));
  assert.equal(grown.get('chodae_http_requests_total{method="GET",route="unknown",status="400"}'), 1);
  assert.equal(grown.get('chodae_refusals_total{code="bad_request"}'), 1);
});

test('swept rows are counted by kind', async () => {
  await query(`INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at) VALUES ('old', 1, now() - interval '1 hour')`);
  const grown = await growth(async () => services.metrics.swept(await sweepRows(services.database, sweptRows(services.config))));
  assert.equal(grown.get('chodae_swept_rows_total{rows="sessions"}'), 1);
  assert.ok(Number(grown.get('chodae_sweep_finished_timestamp_seconds')) > 1_700_000_000);
});

test('the state of the queue and of the pool is read at each scrape', async () => {
  const now = await metrics();
  const names = ['chodae_hash_queue_waiting', 'chodae_hash_queue_running'];
  const pool = ['connections', 'idle', 'waiting'].map((state) => `chodae_database_pool_${state}`);
  for (const name of names) assert.equal(now.get(name), 0, name);
  for (const name of pool) assert.equal(now.has(name), services.database.kind === 'postgresql', name);
  if (services.database.kind === 'postgresql') assert.ok(Number(now.get('chodae_database_pool_connections')) >= 1);
});

test('GET /metrics on the service itself needs an operator key', async () => {
  assertRefused(await send('GET', '/metrics'), 401, 'operator_key_required');
  assertRefused(await send('GET', '/metrics', undefined, bearer('chodae_key_0000')), 401, 'operator_key_invalid');
  const answer = await send('GET', '/metrics', undefined, bearer(services.localKey));
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')],
    [200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store'],
  );
  assertRefused(await send('POST', '/metrics', undefined, bearer(services.localKey)), 405, 'method_not_allowed');
});
