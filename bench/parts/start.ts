import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../../test/support/temporary.ts';
import { createDatabase, openCluster } from '../databases.ts';
import { runLoad } from '../load-plan.ts';
import { type MeasuredProcess, startChodae } from '../measured-process.ts';
import type { PartResult } from '../results-page.ts';
import { type Extent, figuresOf, interleave, type Measurement } from '../rounds.ts';
import { asDelivered } from '../settings.ts';

/** Time until the first answer, and memory when nothing happens and after a load. */
export async function measureStart({ isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  await using cluster = await openCluster();
  await using database = await createDatabase(cluster, 'ours');
  await database.fill({ invitations: 1_000 });
  const settle = isQuick ? 500 : 5_000;

  async function idle(server: MeasuredProcess): Promise<Record<string, number>> {
    const { startMilliseconds } = server;
    await delay(settle);
    return { start: startMilliseconds, idle: server.memory() };
  }

  /** On a folder that a first start has made, or on none. */
  const embedded = (isReopened: boolean) => async () => {
    const folder = temporaryFolder('bench-embedded');
    try {
      const settings = { ...asDelivered, DATA_DIR: path.join(folder.path, 'data') };
      if (isReopened) await (await startChodae(settings))[Symbol.asyncDispose]();
      await using server = await startChodae(settings);
      return await idle(server);
    } finally {
      folder.remove();
    }
  };

  const measurements: Measurement[] = [
    {
      name: 'Chodae on PostgreSQL',
      async measure() {
        await using server = await startChodae({ ...asDelivered, DATABASE_URL: database.url });
        const figures = await idle(server);
        await runLoad({ url: server.url, kind: 'verify', connections: 16, seconds, count: 1_000 });
        return { ...figures, loaded: server.memory() };
      },
    },
    { name: 'Chodae embedded, first start', measure: embedded(false) },
    { name: 'Chodae embedded, reopened', measure: embedded(true) },
  ];
  const rows = await interleave(rounds, measurements);
  const of = (name: string, figure: string) => figuresOf(rows, name, figure);
  const starts = (name: string) => of(name, 'start').map((milliseconds) => milliseconds / 1000);
  return {
    title: 'Start and memory',
    about: `Milliseconds from the start of the process until \`/readyz\` answers; MiB (resident) of the process with its threads ${settle / 1000} s later, and after ${seconds} s of verifying on 16 connections.`,
    columns: [
      { figure: 'start', head: 'start ms', digits: 0 },
      { figure: 'idle', head: 'idle MiB', digits: 0 },
      { figure: 'loaded', head: 'loaded MiB', digits: 0 },
    ],
    rows,
    demands: [
      { what: 'start on PostgreSQL', atMost: 1, unit: ' s', figures: starts('Chodae on PostgreSQL'), digits: 2 },
      { what: 'start embedded, reopened', atMost: 1.5, unit: ' s', figures: starts('Chodae embedded, reopened'), digits: 2 },
      { what: 'start embedded, first', atMost: 3, unit: ' s', figures: starts('Chodae embedded, first start'), digits: 2 },
      { what: 'memory idle on PostgreSQL', atMost: 130, unit: ' MiB', figures: of('Chodae on PostgreSQL', 'idle'), digits: 0 },
      {
        what: 'memory embedded after the first start, idle',
        atMost: 450,
        unit: ' MiB',
        figures: of('Chodae embedded, first start', 'idle'),
        digits: 0,
      },
    ],
  };
}
