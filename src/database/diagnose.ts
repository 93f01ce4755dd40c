import type { PostgresqlConfig } from '../config/config.ts';
import { knownMigrations } from './migrate.ts';
import { queryOf, withClient } from './open.ts';
import { rowsHiddenFromUs, tablesOpenToRestRoles } from './row-security.ts';
import { readSchemaState } from './schema-state.ts';

/** What a look at a PostgreSQL server tells; nothing is changed. */
export interface PostgresqlDiagnosis {
  /** Such as 150008. */
  readonly versionNumber: number;
  /** Milliseconds for one round trip, the median of five. */
  readonly roundTripMilliseconds: number;
  readonly pendingMigrations: number;
  readonly schemaIsNewer: boolean;
  /** Tables of ours that Supabase's automatic REST API can reach. */
  readonly openTables: readonly string[];
  /** Row level security hides our own rows from the role of `DATABASE_URL`. */
  readonly rowsHidden: boolean;
  /** Those of fsync, full_page_writes and synchronous_commit that are off. */
  readonly unsafeSettings: readonly string[];
  readonly maximumConnections: number;
}

/** @throws the driver's connection error; `explainConnectionFailure` has a sentence for it. */
export async function diagnosePostgresql(config: PostgresqlConfig): Promise<PostgresqlDiagnosis> {
  const seenByService = await withClient(config.runtime, async (client) => {
    const query = queryOf(client);
    return { roundTripMilliseconds: await medianRoundTrip(query), rowsHidden: await rowsHiddenFromUs(query) };
  });
  return withClient(config.migrations, async (client) => {
    const query = queryOf(client);
    const settings = await query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('server_version_num', 'max_connections', 'fsync', 'full_page_writes', 'synchronous_commit')`,
    );
    const setting = (name: string) => settings.find((row) => row.name === name)?.setting ?? '';
    const known = knownMigrations();
    const { newestMigration } = await readSchemaState(query);
    return {
      ...seenByService,
      versionNumber: Number(setting('server_version_num')),
      maximumConnections: Number(setting('max_connections')),
      unsafeSettings: ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => setting(name) === 'off'),
      pendingMigrations: known.filter((moment) => moment > newestMigration).length,
      schemaIsNewer: newestMigration > (known.at(-1) ?? 0),
      openTables: await tablesOpenToRestRoles(query),
    };
  });
}

async function medianRoundTrip(query: (text: string) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const start = performance.now();
    await query('SELECT 1');
    times.push(performance.now() - start);
  }
  return times.sort((left, right) => left - right)[2] ?? 0;
}
