import { setTimeout as delay } from 'node:timers/promises';
import { runRawBcrypt, startOriginal, whyNoOriginal } from '../candidates.ts';
import { type BenchDatabase, createDatabase, openCluster } from '../databases.ts';
import { disposables } from '../disposables.ts';
import { runLoad } from '../load-plan.ts';
import { type MeasuredProcess, startChodae } from '../measured-process.ts';
import type { PartResult } from '../results-page.ts';
import { type Extent, figuresOf, interleave, type Measurement, ratio } from '../rounds.ts';
import { asDelivered, cost } from '../settings.ts';

const perSecond = 300;
const floodConnections = 16;

/** Verify at a constant rate, quietly and while passwords flood in. */
export async function measureFlood({ isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  const duration = isQuick ? seconds : seconds * 2;
  await using cluster = await openCluster();
  await using stack = disposables();
  const measurements: Measurement[] = [];
  const rows = { invitations: 2_000, sessions: 'all steps but the last' } as const;

  function add(name: string, server: MeasuredProcess, database: BenchDatabase): void {
    const verify = () =>
      runLoad({ url: server.url, kind: 'verify', connections: 64, seconds: duration, count: rows.invitations, perSecond });
    measurements.push({
      name,
      prepare: () => database.fill(rows),
      async measure() {
        const quiet = await verify();
        const passwords = runLoad({
          url: server.url,
          kind: 'name',
          connections: floodConnections,
          seconds: duration + 2,
          count: rows.invitations,
        });
        // The flood begins first.
        await delay(1_000);
        const [flood, hashed] = await Promise.all([verify(), passwords]);
        return {
          p99: flood.p99,
          p50: flood.p50,
          answered: flood.answered / duration,
          quietP99: quiet.p99,
          hashes: hashed.answered / hashed.seconds,
        };
      },
    });
  }

  measurements.push({ name: 'raw bcrypt on all cores', measure: async () => ({ hashes: await runRawBcrypt(cost, duration) }) });
  const own = stack.use(await createDatabase(cluster, 'ours'));
  add('Chodae as delivered', stack.use(await startChodae({ DATABASE_URL: own.url, ...asDelivered })), own);
  if (whyNoOriginal === undefined) {
    const original = stack.use(await createDatabase(cluster, 'original'));
    add('the original, two workers', stack.use(await startOriginal(original, 2, cost)), original);
  }
  const results = await interleave(rounds, measurements);
  const figure = (name: string) => figuresOf(results, 'Chodae as delivered', name);
  return {
    title: 'Password flood',
    about: `${perSecond} verifications a second, each timed from the moment at which it was due, alone and while ${floodConnections} connections set passwords without a pause (0.25 s after a 503), at cost ${cost}.`,
    columns: [
      { figure: 'p99', head: 'verify p99 ms in the flood', digits: 1 },
      { figure: 'p50', head: 'p50 ms', digits: 1 },
      { figure: 'quietP99', head: 'quiet p99 ms', digits: 1 },
      { figure: 'answered', head: 'verify answered/s', digits: 0 },
      { figure: 'hashes', head: 'hashes/s', digits: 2 },
    ],
    rows: results,
    demands: [
      { what: 'verify p99 in a password flood', atMost: 100, unit: ' ms', figures: figure('p99'), digits: 1 },
      { what: 'verify p99 in a password flood ÷ quiet', atMost: 3, figures: ratio(figure('p99'), figure('quietP99')), digits: 2 },
      {
        what: 'hashes in that flood ÷ raw bcrypt on all cores',
        atLeast: 0.85,
        figures: ratio(figure('hashes'), figuresOf(results, 'raw bcrypt on all cores', 'hashes')),
        digits: 2,
      },
    ],
  };
}
