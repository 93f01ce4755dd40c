import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { faultRounds, isLongForm, recordFault } from '../support/fault-record.ts';
import { startLoadProcess } from '../support/load-process.ts';
import { counts, noteAll, type Outcomes, percentile } from '../support/measured-request.ts';
import { startPacedRequests } from '../support/paced-requests.ts';
import { readSamples } from '../support/prometheus-text.ts';
import { insertInvitation, insertReadySessions } from '../support/ready-sessions.ts';
import { type ServerGroup, startServerGroup } from '../support/server-group.ts';

const cost = 12;
const people = 200;
const rounds = faultRounds(1, 5);
const seconds = { quiet: isLongForm ? 10 : 2, raw: isLongForm ? 6 : 2, flood: isLongForm ? 12 : 4 };
/** Seconds until a queue that was empty is as long as it may be. */
const settling = 3;

test('while 200 people save their passwords at once, codes are verified as ever and the cores hash', async (context) => {
  await using group = await startServerGroup({ count: 1, kind: 'postgresql', settings: { BCRYPT_COST: String(cost), METRICS_PORT: '0' } });
  const sessions = await insertReadySessions(group.query, await insertInvitation(group.query, 'FLOOD', 2 * people), people);
  await insertInvitation(group.query, 'VERIFIED');
  const seen = { quiet: {} as Outcomes, flood: {} as Outcomes, password: {} as Outcomes, probe: {} as Outcomes };
  const rates: { raw: number; served: number }[] = [];
  await verifyFor(group, 1, {});
  for (let round = 0; round < rounds; round += 1) {
    const raw = await rawHashRate(seconds.raw);
    await verifyFor(group, seconds.quiet, seen.quiet);
    const served = await flood(group, sessions, seen);
    rates.push({ raw, served });
    context.diagnostic(`hashes a second: ${raw.toFixed(2)} raw, ${served.toFixed(2)} served`);
  }

  // No verify is refused, and every password is saved or refused with a time to come back.
  assert.deepEqual(Object.keys(seen.flood), ['200']);
  assert.deepEqual(Object.keys(seen.password).sort(), ['200', '503 overloaded']);
  const refusals = seen.probe['503 overloaded'] ?? [];
  assert.ok(refusals.length > 0, `no password was refused: ${JSON.stringify(counts(seen.probe))}`);

  const [quiet, flooded] = [percentile(seen.quiet['200'] ?? [], 0.99), percentile(seen.flood['200'] ?? [], 0.99)];
  const [raw, served] = [mean(rates.map((rate) => rate.raw)), mean(rates.map((rate) => rate.served))];
  const slowest = Math.max(...refusals);
  const ratio = `${(flooded / quiet).toFixed(1)} × the ${quiet.toFixed(1)} ms of quiet`;
  const figures =
    `verify p99 ${flooded.toFixed(1)} ms, ${ratio}; ${served.toFixed(2)} hashes a second, ${((100 * served) / raw).toFixed(0)} % of the raw ${raw.toFixed(2)}; ` +
    `refusals took ${slowest.toFixed(1)} ms at most (p99 ${percentile(refusals, 0.99).toFixed(1)}); ${JSON.stringify(counts(seen.password))}`;
  context.diagnostic(figures);
  // Bounds for any machine in any company; those of the long form are for one that has nothing else to do.
  assert.ok(flooded <= 2_000 && slowest <= 2_000 && served >= 0.2 * raw, figures);
  if (!isLongForm) return;
  assert.ok(flooded <= 100, figures);
  assert.ok(flooded <= 3 * quiet, figures);
  assert.ok(served >= 0.85 * raw, figures);
  assert.ok(slowest <= 50, figures);
  recordFault({
    name: 'password-flood',
    fault: `${people} connections at the password step, cost ${cost}, ${rounds} × ${seconds.flood} s, between as many quiet times; the load in a niced process of the same machine`,
    demand: 'verify p99 ≤ 100 ms and ≤ 3 × quiet; hashes a second ≥ 85 % of raw bcrypt with as many threads; refusals ≤ 50 ms',
    seen: figures,
  });
});

/** @returns hashes a second that were begun once the queue was full. */
async function flood(
  group: ServerGroup,
  sessions: readonly string[],
  seen: Record<'flood' | 'password' | 'probe', Outcomes>,
): Promise<number> {
  const url = group.servers[0]?.url ?? '';
  const load = await startLoadProcess({ kind: 'passwords', url, sessions });
  await delay(settling * 1000);
  const before = { hashes: await begunHashes(group), at: performance.now() };
  // Others at the same step, measured from here: the times of the niced load are also those for which it waited for a core.
  const body = { session_id: sessions[0], name: '초대받은 사람', password: 'seven quiet rivers 강물' };
  const probes = startPacedRequests(url, 10, [{ method: 'PUT', path: '/auth/register/name', body }]);
  await verifyFor(group, seconds.flood, seen.flood);
  const hashes = (await begunHashes(group)) - before.hashes;
  const rate = (hashes * 1000) / (performance.now() - before.at);
  noteAll(seen.probe, await probes.stop());
  noteAll(seen.password, await load.stop());
  return rate;
}

/** Twenty people a second verify a code. */
async function verifyFor(group: ServerGroup, duration: number, outcomes: Outcomes): Promise<void> {
  const verify = { method: 'POST', path: '/auth/invitation/verify', body: { invitation_code: 'VERIFIED' } };
  const pace = startPacedRequests(group.servers[0]?.url ?? '', 20, [verify]);
  await delay(duration * 1000);
  noteAll(outcomes, await pace.stop());
}

async function begunHashes(group: ServerGroup): Promise<number> {
  const metrics = /Metrics +(http\S+)/.exec(group.servers[0]?.output() ?? '')?.[1] ?? assert.fail('no metrics');
  const samples = readSamples(await (await fetch(metrics)).text());
  return samples.get('chodae_hash_wait_seconds_count') ?? assert.fail('hashes are not counted');
}

/** Hashes a second of bcrypt alone, as many at once as the server has threads, while it does nothing. */
async function rawHashRate(duration: number): Promise<number> {
  const begun = performance.now();
  let hashes = 0;
  const hashing = async () => {
    while (performance.now() < begun + duration * 1000) {
      await bcrypt.hash('seven quiet rivers 강물', cost);
      hashes += 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, hashing));
  return (hashes * 1000) / (performance.now() - begun);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
