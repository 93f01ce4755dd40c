import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { readSamples } from '../support/prometheus-text.ts';
import { exchange } from '../support/raw-http.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { signUpClient } from '../support/sign-up-client.ts';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
let server: ServerProcess;
let url = '';
before(async () => {
  server = await startServer({ environment: { METRICS_PORT: '0', BCRYPT_COST: '10', RATE_LIMIT: 'on' } });
  while (!url) {
    url = /Metrics +(http\S+)/.exec(server.output())?.[1] ?? '';
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
after(() => server[Symbol.asyncDispose]());

async function scrape(): Promise<string> {
  const answer = await fetch(url);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  return answer.text();
}

/** The names of all metrics, as they are declared. */
async function declaredNames(): Promise<string[]> {
  return [...(await scrape()).matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
}

/** Only several workers, or PostgreSQL, have these. */
const elsewhere = [
  'chodae_workers',
  'chodae_worker_restarts_total',
  'chodae_database_pool_connections',
  'chodae_database_pool_idle',
  'chodae_database_pool_waiting',
];

test('METRICS_PORT serves only GET /metrics, without a key', async () => {
  await scrape();
  assert.equal((await fetch(url.replace(/metrics$/, 'healthz'))).status, 404);
  assert.equal((await fetch(url, { method: 'POST' })).status, 404);
  assert.equal((await fetch(`${server.url}/metrics`)).status, 401);
});

test('bytes that are not a request are counted', async () => {
  await exchange(Number(new URL(server.url).port), 'what is this\r\n\r\n');
  const samples = readSamples(await scrape());
  assert.equal(samples.get('chodae_http_requests_total{method="other",route="unknown",status="400"}'), 1);
});

test('process metrics are served', async () => {
  const samples = readSamples(await scrape());
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds']) {
    assert.ok(samples.has(name), name);
  }
});

test('docs/guides/observability.md lists exactly our metrics', async () => {
  const own = (await declaredNames()).filter((name) => name.startsWith('chodae_'));
  const listed = [...read('docs/guides/observability.md').matchAll(/^\| `(chodae_\w+)`/gm)].map(([, name]) => name);
  assert.deepEqual([...listed].sort(), [...own, ...elsewhere].sort());
});

/** The labels of each metric, as docs/guides/observability.md has them. */
const documented = new Map(
  [...read('docs/guides/observability.md').matchAll(/^\| `(chodae_\w+)` \| ([^|]*)\|/gm)].map(([, name = '', labels = '']) => [
    name,
    [...(labels.match(/\w+/g) ?? [])].map(String).sort(),
  ]),
);

test('docs/guides/observability.md lists the labels that the metrics have', async () => {
  await signUpClient(server.url).signUp('TEST001');
  const samples = [...readSamples(await scrape()).keys()].filter((name) => name.startsWith('chodae_'));
  assert.ok(samples.some((name) => name.startsWith('chodae_signup_steps_total')));
  for (const sample of samples) {
    const [name = '', labels = ''] = sample.replace(/_(?:bucket|sum|count)\b/, '').split('{');
    const found = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
    assert.deepEqual(found.sort(), documented.get(name), sample);
  }
});

test('every query of the dashboard names metrics that exist, with labels that they have', async () => {
  const known = new Set([...(await declaredNames()), ...elsewhere]);
  const dashboard = JSON.parse(read('examples/grafana-dashboard.json')) as { panels: { targets: { expr: string }[] }[] };
  const queries = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr));
  assert.ok(queries.length > 10);
  for (const query of queries) {
    const names = (query.match(/\b(?:chodae|process|nodejs)_\w+/g) ?? []).map((name) => name.replace(/_bucket$/, ''));
    assert.ok(names.length > 0, query);
    for (const name of names) assert.ok(known.has(name), `${name} in ${query}`);
    const labels = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    for (const label of labels) {
      // The first two are Prometheus' own.
      assert.ok(['le', 'instance'].includes(label) || documented.get(names[0] ?? '')?.includes(label), `${label} in ${query}`);
    }
  }
});

test('METRICS_PORT listens only on 127.0.0.1, whatever HOST is', async () => {
  await using open = await startServer({ environment: { HOST: '0.0.0.0', METRICS_PORT: '0', BCRYPT_COST: '10' } });
  const shown = () => /Metrics +http:\/\/(\S+):(\d+)/.exec(open.output()) ?? undefined;
  while (!shown()) await new Promise((resolve) => setTimeout(resolve, 10));
  const [, host, port] = shown() ?? [];
  assert.equal(host, '127.0.0.1');
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 200);
  // Another address of this machine, which 0.0.0.0 includes and 127.0.0.1 does not.
  await assert.rejects(fetch(`http://127.0.0.2:${port}/metrics`));
  assert.equal((await fetch(`http://127.0.0.2:${new URL(open.url).port}/healthz`)).status, 200);
});
