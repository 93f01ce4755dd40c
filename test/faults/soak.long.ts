import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { recordFault } from '../support/fault-record.ts';
import { type Slope, slopeOf } from '../support/linear-regression.ts';
import { startLoadProcess } from '../support/load-process.ts';
import { counts, percentile } from '../support/measured-request.ts';
import { readSamples } from '../support/prometheus-text.ts';
import { type ServerGroup, startServerGroup } from '../support/server-group.ts';

/** Of the load; the first fifth is warming up. `CHODAE_SOAK_MINUTES=2` for a try. */
const minutes = Number(process.env.CHODAE_SOAK_MINUTES || 30);
/** At cost 10 a core hashes 16 to 20 passwords a second: more codes than can be used. */
const codesPerMinute = 2_000 * availableParallelism();
const people = 8;
/** MiB an hour that the memory may grow by, for certain, and still be called flat: a day of full load would then cost 240 and 720. */
const flat = { heap: 10, resident: 30 };

/** Loaded before the program: garbage is collected every ten seconds, so that the heap holds no garbage. */
const collecting = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from 'node:worker_threads';
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose-gc');
  if (isMainThread) setInterval(runInNewContext('gc'), 10_000).unref();`)}`;

const settings = {
  BCRYPT_COST: '10',
  // A pause of the machine is no error of a sign-up.
  PASSWORD_WAIT: '30s',
  METRICS_PORT: '0',
  NODE_OPTIONS: `--import ${collecting}`,
  // One address makes all of it. What is counted for a session is kept for a minute, so that the memory for it is full early.
  RATE_LIMIT: 'on',
  RATE_LIMIT_SIGN_UP: '1000000/1m',
  RATE_LIMIT_VERIFY: '1000000/1m',
  RATE_LIMIT_SESSION: '60/1m',
};

interface Sample {
  readonly hours: number;
  /** MiB. */
  readonly heap: number;
  readonly resident: number;
  readonly descriptors: number;
}

test(`whole sign-ups at full rate for ${minutes} minutes: no error, and memory and descriptors stay as they are`, async (context) => {
  await using group = await startServerGroup({ count: 1, kind: 'postgresql', settings });
  const codes = Math.ceil(codesPerMinute * minutes);
  await group.query(`INSERT INTO "Invitation" (code) SELECT 'soak-' || n FROM generate_series(1, $1::integer) AS n`, [codes]);
  const load = await startLoadProcess({ kind: 'sign-ups', url: group.servers[0]?.url ?? '', people, codes: 'soak' });
  const begun = performance.now();
  const samples: Sample[] = [];
  while (performance.now() - begun < minutes * 60_000) {
    samples.push(await look(group, (performance.now() - begun) / 3_600_000));
    await delay(Math.min(5_000, minutes * 1_000));
  }
  const outcomes = await load.stop();
  const seconds = (performance.now() - begun) / 1000;

  const steps = ['birthday', 'name', 'phone', 'verify'];
  assert.deepEqual(
    Object.keys(outcomes).sort(),
    steps.map((step) => `${step} 200`),
    JSON.stringify(counts(outcomes)),
  );
  const completed = outcomes['phone 200']?.length ?? 0;
  const [stored] = await group.query<{ users: number }>('SELECT count(*) AS users FROM "User"');
  assert.equal(stored?.users, completed);

  const warm = samples.slice(Math.ceil(samples.length / 5));
  // The lowest of every six looks is one soon after a collection.
  const floors = warm.flatMap((_, index) => (index % 6 === 0 ? [lowest(warm.slice(index, index + 6))] : []));
  const heap = slopeOf(floors.map((sample) => [sample.hours, sample.heap]));
  const resident = slopeOf(warm.map((sample) => [sample.hours, sample.resident]));
  const descriptors = warm.map((sample) => sample.descriptors);
  const figures =
    `${completed.toLocaleString('en')} sign-ups, ${(completed / seconds).toFixed(1)} a second, no error; heap after collections ${shown(heap)}, ` +
    `resident ${shown(resident)} (at ${percentile(
      warm.map((sample) => sample.resident),
      0.5,
    ).toFixed(0)} MiB); ` +
    `${Math.min(...descriptors)} to ${Math.max(...descriptors)} descriptors; last step p99 ${percentile(outcomes['phone 200'] ?? [], 0.99).toFixed(0)} ms`;
  context.diagnostic(figures);
  // A scrape, a probe and the pool come and go.
  const half = Math.floor(descriptors.length / 2);
  const [before, after] = [percentile(descriptors.slice(0, half), 0.5), percentile(descriptors.slice(half), 0.5)];
  assert.ok(Math.abs(after - before) <= 2, `descriptors: ${before}, later ${after}`);
  // In the first minutes memory grows until the garbage collector knows how much is needed: a try tells nothing about it.
  if (minutes < 30) return;
  assert.ok(heap.slope - heap.error <= flat.heap, figures);
  assert.ok(resident.slope - resident.error <= flat.resident, figures);
  recordFault({
    name: 'soak',
    fault: `whole sign-ups at full rate for ${minutes} minutes, cost 10, ${people} people at once, limits on; garbage collected every 10 s`,
    demand: `no error; heap and resident memory grow by less than ${flat.heap} and ${flat.resident} MiB an hour or not for certain (95 %); descriptors stay`,
    seen: figures,
  });
});

async function look({ servers: [server] }: ServerGroup, hours: number): Promise<Sample> {
  const pid = server?.process.pid ?? 0;
  const metrics = /Metrics +(http\S+)/.exec(server?.output() ?? '')?.[1] ?? assert.fail('no metrics');
  const values = readSamples(await (await fetch(metrics)).text());
  return {
    hours,
    heap: (values.get('nodejs_heap_size_used_bytes') ?? Number.NaN) / 2 ** 20,
    resident: Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function lowest(samples: readonly Sample[]): Sample {
  return samples.reduce((least, sample) => (sample.heap < least.heap ? sample : least));
}

function shown({ slope, error }: Slope): string {
  return `${slope >= 0 ? '+' : '−'}${Math.abs(slope).toFixed(1)} ± ${error.toFixed(1)} MiB an hour`;
}
