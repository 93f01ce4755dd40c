import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { EmptyDatabase } from './empty-database.ts';

/** @returns a query function that connects for each statement, for servers that die in between. */
export function queryAnew(url: string): EmptyDatabase['query'] {
  return async <Row>(sql: string, values?: readonly unknown[]) =>
    withClient(url, async (client) => {
      const results = [await client.query(sql, values && [...values])].flat();
      return (results.at(-1)?.rows ?? []) as Row[];
    });
}

/** Something that has just lost its server. */
export interface Watch {
  /** Resolves when the server has closed the watch's connection. */
  readonly lost: Promise<void>;
}

/** Holds a connection, to notice when the server ends it. */
export async function watchConnection(url: string): Promise<Watch> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  const lost = new Promise<void>((resolve) => client.once('end', resolve));
  await client.connect();
  return { lost };
}

/**
 * Resolves once a connection succeeds and a statement is answered, by a server that is not a standby if `isPrimary`.
 * @throws Error after a minute.
 */
export async function untilAnswering(url: string, isPrimary = false): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const answer = await withClient(url, async (client) => (await client.query('SELECT pg_is_in_recovery() AS standby')).rows[0]).catch(
      () => undefined,
    );
    if (answer && !(isPrimary && answer.standby)) return;
    await delay(5);
  }
  throw new Error('PostgreSQL does not answer within a minute');
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}
