import { runRawBcrypt, startBetterAuth, startOriginal, whyNoOriginal } from '../candidates.ts';
import { type BenchDatabase, createDatabase, openCluster } from '../databases.ts';
import { disposables } from '../disposables.ts';
import { type MeasuredProcess, startChodae } from '../measured-process.ts';
import type { PartResult } from '../results-page.ts';
import { type Extent, figuresOf, interleave, type Measurement, ratio } from '../rounds.ts';
import { asDelivered, cost } from '../settings.ts';
import { measureServer } from './requests.ts';

/** Half of what may wait for a hash within PASSWORD_WAIT on two cores. */
const connections = 8;

/** Whole sign-ups, in which nearly all of the time is one bcrypt hash. */
export async function measureSignUps({ isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  // A hash takes a quarter of a second: a round counts few.
  const duration = isQuick ? seconds : seconds * 3;
  await using cluster = await openCluster();
  await using stack = disposables();
  const measurements: Measurement[] = [];
  const plan = { kind: 'sign-up', connections, seconds: duration } as const;

  async function add(
    name: string,
    tables: BenchDatabase['tables'],
    start: (database: BenchDatabase) => Promise<MeasuredProcess>,
    more = {},
  ) {
    const database = stack.use(await createDatabase(cluster, tables));
    const server = stack.use(await start(database));
    measurements.push(measureServer(name, server, database, { invitations: 2_000 }, { ...plan, ...more }));
  }

  measurements.push({ name: 'raw bcrypt on all cores', measure: async () => ({ rate: await runRawBcrypt(cost, duration) }) });
  await add('Chodae as delivered', 'ours', ({ url }) => startChodae({ DATABASE_URL: url, ...asDelivered }));
  if (whyNoOriginal === undefined) {
    await add('the original, one worker', 'original', (database) => startOriginal(database, 1, cost));
    await add('the original, two workers', 'original', (database) => startOriginal(database, 2, cost));
  }
  await add('better-auth, sign-up by e-mail', 'none', (database) => startBetterAuth(database, cost), { kind: 'better-auth' });
  const rows = await interleave(rounds, measurements);
  const own = figuresOf(rows, 'Chodae as delivered', 'rate');
  return {
    title: 'Sign-ups',
    about: `Whole sign-ups on ${connections} connections, each with one bcrypt hash of cost ${cost}: four requests, at better-auth one. Milliseconds are those of a whole sign-up.`,
    columns: [
      { figure: 'rate', head: 'sign-ups/s', digits: 2 },
      { figure: 'p50', head: 'p50 ms', digits: 0 },
      { figure: 'p99', head: 'p99 ms', digits: 0 },
    ],
    rows,
    demands: [
      {
        what: `whole sign-ups a second at cost ${cost} ÷ raw bcrypt on all cores`,
        atLeast: 0.95,
        figures: ratio(own, figuresOf(rows, 'raw bcrypt on all cores', 'rate')),
        digits: 2,
      },
      {
        what: 'whole sign-ups ÷ the original with two workers',
        atLeast: 1.6,
        figures: ratio(own, figuresOf(rows, 'the original, two workers', 'rate')),
        digits: 2,
      },
    ],
  };
}
