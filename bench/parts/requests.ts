import { runPgbench, startBare, startOriginal, whyNoOriginal } from '../candidates.ts';
import { type BenchDatabase, createDatabase, openCluster, type Rows } from '../databases.ts';
import { disposables } from '../disposables.ts';
import { type LoadPlan, runLoad } from '../load-plan.ts';
import { type MeasuredProcess, startChodae } from '../measured-process.ts';
import type { PartResult } from '../results-page.ts';
import { type Extent, eachRound, figuresOf, interleave, type Measurement, ratio } from '../rounds.ts';
import { asDelivered, cost, withoutLimits } from '../settings.ts';
import { ourStatement, simplestInsert } from '../verify-statement.ts';

type Kind = 'verify' | 'birthday' | 'phone';

const connections = 16;
const names = {
  delivered: 'Chodae as delivered',
  newAddresses: 'Chodae as delivered, each request from a new address',
  withoutLimits: 'Chodae, limits off',
  original: 'the original, one worker',
  originalTwo: 'the original, two workers',
  bareOurs: 'bare Fastify + pg, our statement',
  bareSimple: 'bare Fastify + pg, simplest insert',
  pgbenchOurs: 'pgbench, our statement',
  pgbenchSimple: 'pgbench, simplest insert',
};

/** What the requests of a part find in the tables. */
function rowsFor(kind: Kind, isQuick: boolean): Rows {
  // As many as a fast server can complete in a round.
  const completed = isQuick ? 4_000 : 20_000;
  return kind === 'verify' ? { invitations: isQuick ? 2_000 : 20_000 } : { invitations: completed, sessions: 'all steps but the last' };
}

/** Measures a server: requests a second, milliseconds, and CPU per request. */
export function measureServer(
  name: string,
  server: MeasuredProcess,
  database: Pick<BenchDatabase, 'fill'>,
  rows: Rows,
  plan: Omit<LoadPlan, 'url' | 'count'>,
): Measurement {
  return {
    name,
    prepare: () => database.fill(rows),
    async measure() {
      const before = server.processorSeconds();
      const load = await runLoad({ ...plan, url: server.url, count: rows.invitations - (rows.users ?? 0) });
      const microseconds = ((server.processorSeconds() - before) * 1e6) / load.answered;
      const others = Object.values(load.others).reduce((sum, count) => sum + count, 0);
      if (others > load.answered / 100) throw new Error(`${name}: ${JSON.stringify(load.others)} beside ${load.answered} × 200`);
      return { rate: load.answered / load.seconds, p50: load.p50, p99: load.p99, cpu: microseconds };
    },
  };
}

const columns = [
  { figure: 'rate', head: 'requests/s', digits: 0 },
  { figure: 'p50', head: 'p50 ms', digits: 1 },
  { figure: 'p99', head: 'p99 ms', digits: 1 },
  { figure: 'cpu', head: 'CPU of the server per request, µs', digits: 0 },
] as const;

const abouts: Record<Kind, string> = {
  verify:
    '`POST /auth/invitation/verify` with valid codes of one seat on 16 connections, for pgbench 10. Load generator, servers and PostgreSQL (`fsync` on) share the cores. The original runs on asyncpg, uvloop and httptools, which is kinder to it than the Prisma client that it used.',
  birthday: '`PUT /auth/register/birthday` for live sessions on 16 connections, otherwise like verify.',
  phone: '`PUT /auth/register/phone`, which creates the user, each session once, on 16 connections, otherwise like verify.',
};

/** One kind of request against all candidates that know it. */
export async function measureRequests(kind: Kind, { isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  await using cluster = await openCluster();
  await using stack = disposables();
  const rows = rowsFor(kind, isQuick);
  const plan = { kind, connections, seconds };
  const measurements: Measurement[] = [];
  const ours = await ourStatement();

  async function add(
    name: string,
    tables: BenchDatabase['tables'],
    start: (database: BenchDatabase) => Promise<MeasuredProcess>,
    more = {},
  ) {
    const database = stack.use(await createDatabase(cluster, tables));
    const server = stack.use(await start(database));
    measurements.push(measureServer(name, server, database, rows, { ...plan, ...more }));
  }

  const chodae = (settings: Readonly<Record<string, string>>) => (database: BenchDatabase) =>
    startChodae({ DATABASE_URL: database.url, ...settings });
  await add(names.delivered, 'ours', chodae(asDelivered));
  await add(names.withoutLimits, 'ours', chodae(withoutLimits));
  if (kind === 'verify') await add(names.newAddresses, 'ours', chodae(asDelivered), { hasManyAddresses: true });
  if (whyNoOriginal === undefined) {
    await add(names.original, 'original', (database) => startOriginal(database, 1, cost));
    await add(names.originalTwo, 'original', (database) => startOriginal(database, 2, cost));
  }
  if (kind === 'verify') {
    await add(names.bareOurs, 'ours', (database) => startBare(database, ours));
    await add(names.bareSimple, 'original', (database) => startBare(database, simplestInsert));
    for (const [name, statement, tables] of [
      [names.pgbenchOurs, ours, 'ours'],
      [names.pgbenchSimple, simplestInsert, 'original'],
    ] as const) {
      const database = stack.use(await createDatabase(cluster, tables));
      measurements.push({
        name,
        prepare: () => database.fill(rows),
        measure: async () => ({ rate: await runPgbench(database, statement, rows.invitations, seconds) }),
      });
    }
  }
  const results = await interleave(rounds, measurements);
  const title = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
  return { title, about: abouts[kind], columns, rows: results, demands: kind === 'verify' ? demandsOf(results) : [] };
}

function demandsOf(rows: PartResult['rows']): PartResult['demands'] {
  const rate = (name: string) => figuresOf(rows, name, 'rate');
  const cpu = (name: string) => figuresOf(rows, name, 'cpu');
  return [
    {
      what: 'verify as delivered ÷ the original, one process each',
      atLeast: 2,
      figures: ratio(rate(names.delivered), rate(names.original)),
      digits: 2,
    },
    {
      what: 'verify as delivered ÷ bare Fastify + pg with our statement',
      atLeast: 0.8,
      figures: ratio(rate(names.delivered), rate(names.bareOurs)),
      digits: 2,
    },
    {
      what: 'verify as delivered ÷ limits off',
      atLeast: 0.85,
      figures: ratio(rate(names.delivered), rate(names.withoutLimits)),
      digits: 2,
    },
    {
      what: 'our CPU per verify beyond bare Fastify + pg with our statement',
      atMost: 60,
      unit: ' µs',
      figures: eachRound(cpu(names.delivered), cpu(names.bareOurs), (own, bare) => own - bare),
      digits: 0,
    },
    {
      what: 'pgbench with our statement ÷ pgbench with the simplest insert',
      atLeast: 0.75,
      figures: ratio(rate(names.pgbenchOurs), rate(names.pgbenchSimple)),
      digits: 2,
    },
  ];
}
