import { embeddedFolder } from '../../test/support/embedded-folder.ts';
import { createDatabase, filling, openCluster } from '../databases.ts';
import { disposables } from '../disposables.ts';
import { runLoad } from '../load-plan.ts';
import { startChodae } from '../measured-process.ts';
import type { PartResult } from '../results-page.ts';
import { type Extent, figuresOf, interleave, type Measurement, ratio } from '../rounds.ts';
import { asDelivered } from '../settings.ts';
import { measureServer } from './requests.ts';

const columns = [
  { figure: 'rate', head: 'requests/s', digits: 0 },
  { figure: 'p50', head: 'p50 ms', digits: 1 },
  { figure: 'p99', head: 'p99 ms', digits: 1 },
  { figure: 'cpu', head: 'CPU of the server per request, µs', digits: 0 },
] as const;
const connections = 16;

/** Few and many invitations and users. */
export async function measureRows({ isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  await using cluster = await openCluster();
  await using stack = disposables();
  const sizes = isQuick ? [1_000, 10_000] : [1_000, 1_000_000];
  const completed = 1_000;
  const measurements: Measurement[] = [];
  for (const size of sizes) {
    const database = stack.use(await createDatabase(cluster, 'ours'));
    const server = stack.use(await startChodae({ ...asDelivered, DATABASE_URL: database.url }));
    const rows = { invitations: size + completed, users: size, sessions: 'all steps but the last' } as const;
    await database.fill(rows);
    const sessions = filling({ invitations: completed, sessions: 'all steps but the last' }, 'ours', []).find((text) =>
      text.includes('INSERT INTO "RegisterSession"'),
    );
    const [{ records } = {}] = await database.query(
      `SELECT string_agg(quote_ident(tablename), ', ') AS records FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'registration\\_%'`,
    );
    /** Filling a million rows takes a minute, so only what the last measurement left is put back. */
    const putBack = (inserting: string) => async () => {
      await database.query(`TRUNCATE "RegisterSession", ${records}`);
      await database.query(`DELETE FROM "User" WHERE "invitationId" <= ${completed}`);
      await database.query(`UPDATE "Invitation" SET is_used = false, used_by = NULL WHERE id <= ${completed}`);
      await database.query(inserting);
      await database.query('VACUUM ANALYZE "RegisterSession"');
    };
    const measured = (kind: 'verify' | 'phone', fill: () => Promise<void>) =>
      measureServer(`Chodae, ${kind} among ${size.toLocaleString('en')}`, server, { fill }, rows, { kind, connections, seconds });
    measurements.push(measured('verify', putBack('')), measured('phone', putBack(sessions ?? '')));
  }
  const rows = await interleave(rounds, measurements);
  const [few = 0, many = 0] = sizes;
  const rate = (kind: string, size: number) => figuresOf(rows, `Chodae, ${kind} among ${size.toLocaleString('en')}`, 'rate');
  return {
    title: 'Few and many rows',
    about: `Chodae as delivered among so many used invitations and users, and ${completed} unused invitations; ${connections} connections verify, and complete ${completed} sign-ups.`,
    columns,
    rows,
    demands: ['verify', 'phone'].map((kind) => ({
      what: `time of ${kind === 'phone' ? 'completing' : kind} among ${many.toLocaleString('en')} ÷ among ${few.toLocaleString('en')}`,
      atMost: 1.15,
      figures: ratio(rate(kind, few), rate(kind, many)),
      digits: 2,
    })),
  };
}

/** 1, 2 and 4 processes of one server. */
export async function measureProcesses({ isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  await using cluster = await openCluster();
  await using stack = disposables();
  const measurements: Measurement[] = [];
  for (const count of [1, 2, 4]) {
    const database = stack.use(await createDatabase(cluster, 'ours'));
    const server = stack.use(await startChodae({ ...asDelivered, DATABASE_URL: database.url, WEB_CONCURRENCY: String(count) }));
    const rows = { invitations: isQuick ? 2_000 : 20_000 };
    measurements.push(measureServer(`Chodae, ${count} processes`, server, database, rows, { kind: 'verify', connections: 32, seconds }));
  }
  const rows = await interleave(rounds, measurements);
  const about =
    'Verify on 32 connections with `WEB_CONCURRENCY`. Load generator and PostgreSQL use the same cores, so that more processes than cores cannot gain.';
  return { title: 'Processes', about, columns, rows, demands: [] };
}

/** The embedded database and PostgreSQL. */
export async function measureDatabases({ isQuick, rounds, seconds }: Extent): Promise<PartResult> {
  await using cluster = await openCluster();
  await using database = await createDatabase(cluster, 'ours');
  await using folder = await embeddedFolder();
  const codes = isQuick ? 2_000 : 20_000;
  await folder.whileClosed(async (query) => {
    for (const sql of filling({ invitations: codes }, 'ours', []).filter((text) => text.includes('INSERT INTO "Invitation"')))
      await query(sql);
  });
  await using onPostgresql = await startChodae({ ...asDelivered, DATABASE_URL: database.url });
  await using embedded = await startChodae({ ...asDelivered, ...folder.environment });
  const rows = { invitations: codes };
  // One seat each, and twenty sessions of a network on each: no round may fill them up.
  const plan = { kind: 'verify', connections, seconds, hasManyAddresses: true } as const;
  const results = await interleave(rounds, [
    measureServer('Chodae on PostgreSQL', onPostgresql, database, rows, plan),
    measureServer('Chodae embedded', embedded, { fill: async () => {} }, rows, plan),
  ]);
  const about = `Verify on ${connections} connections, each request from a new address. The embedded database runs in the process of the server and does not wait for the disk.`;
  return { title: 'Embedded and PostgreSQL', about, columns, rows: results, demands: [] };
}

/** The whole flow with a database that is far away. */
export async function measureDelay({ rounds, isQuick }: Extent): Promise<PartResult> {
  const { startDelayingProxy } = await import('../delaying-proxy.ts');
  await using cluster = await openCluster();
  await using database = await createDatabase(cluster, 'ours');
  const milliseconds = 100;
  await using proxy = await startDelayingProxy(cluster.port, milliseconds);
  const url = new URL(database.url);
  url.port = String(proxy.port);
  await using server = await startChodae({ ...asDelivered, DATABASE_URL: url.href });
  const flows = isQuick ? 2 : 10;
  const results = await interleave(rounds, [
    {
      name: 'Chodae, whole flow',
      prepare: () => database.fill({ invitations: flows }),
      async measure() {
        const { steps, p50, answered } = await runLoad({ url: server.url, kind: 'sign-up', connections: 1, seconds: 60, count: flows });
        if (answered !== flows) throw new Error(`${answered} of ${flows} sign-ups were completed`);
        return { whole: p50, ...steps };
      },
    },
  ]);
  return {
    title: 'A database far away',
    about: `One person after another signs up while each round trip to PostgreSQL takes ${milliseconds} ms more (a proxy delays every answer). Name includes one bcrypt hash.`,
    columns: ['whole', 'verify', 'name', 'birthday', 'phone'].map((figure) => ({ figure, head: `${figure} ms`, digits: 0 })),
    rows: results,
    demands: [],
  };
}
