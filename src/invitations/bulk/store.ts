import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Database, type Queryable, statement } from '../../database/database.ts';
import type { LifeSpan } from '../settle-life-span.ts';

/** What the invitations of one bulk request have in common. */
export interface CommonSettings extends LifeSpan {
  readonly maxUses: number;
  readonly campaign: string | null;
  readonly note: string | null;
  /** The label of whoever makes them. */
  readonly createdBy: string;
  /** A UUID. */
  readonly batch: string;
}

const insertStatement = statement<{ created: number }>(
  'bulk_insert',
  `WITH created AS (
     INSERT INTO "Invitation" (code, max_uses, starts_at, expires_at, campaign, note, created_by, batch)
     SELECT code, $2::integer, $3::timestamptz, $4::timestamptz, $5, $6, $7, $8::uuid FROM unnest($1::text[]) AS made (code)
     ON CONFLICT (code) DO NOTHING RETURNING id
   )
   SELECT count(*) AS created FROM created`,
);

/**
 * Makes an invitation for each code that nobody has.
 * @returns how many.
 */
export async function insertCodes(transaction: Queryable, codes: readonly string[], settings: CommonSettings): Promise<number> {
  const { maxUses, startsAt, expiresAt, campaign, note, createdBy, batch } = settings;
  const [row] = await transaction.run(insertStatement, [codes, maxUses, startsAt, expiresAt, campaign, note, createdBy, batch]);
  return row?.created ?? 0;
}

const revokedStatement = statement<{ name: string }>(
  'bulk_revoked_campaigns',
  'SELECT name FROM campaigns WHERE name = ANY ($1::text[]) AND revoked_at IS NOT NULL',
);

/**
 * Looks without locking anything.
 * @returns those of the campaigns that are revoked.
 */
export async function revokedCampaigns(database: Queryable, names: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await database.run(revokedStatement, [names])).map((row) => row.name));
}

export interface CodeOfBatch {
  readonly id: number;
  readonly code: string;
}

const rangeStatement = statement<{ first: number | null; last: number | null }>(
  'bulk_range_of_batch',
  'SELECT min(id) AS first, max(id) AS last FROM "Invitation" WHERE batch = $1',
);

const pageStatement = statement<CodeOfBatch>(
  'bulk_read_codes',
  'SELECT id, code FROM "Invitation" WHERE batch = $1 AND id BETWEEN $2::integer AND $3::integer ORDER BY id',
);

/**
 * The codes of a batch in the order in which they were made, up to `pageSize` at a time. Each statement has both ends of its ids: with a LIMIT in
 * the place of the upper one, PostgreSQL without fresh statistics sorted all the rest of a million for each page.
 */
export async function* codesOfBatch(database: Queryable, batch: string, pageSize = 1_000): AsyncGenerator<readonly CodeOfBatch[], void> {
  const [range] = await database.run(rangeStatement, [batch]);
  const last = range?.last ?? 0;
  for (let id = range?.first ?? 1; id <= last; id += pageSize) {
    const page = await database.run(pageStatement, [batch, id, Math.min(id + pageSize - 1, last)]);
    if (page.length > 0) yield page;
    // The embedded database gives the thread to nobody else by itself.
    await nextTurn();
  }
}

const analyzeStatement = statement('bulk_analyze', 'ANALYZE "Invitation"');

/** Fewer rows change no statistics that matter. */
const manyRows = 1_000;

/**
 * After so many new rows the old statistics are of no use, and lists would be read in the wrong way. PostgreSQL notices by itself within a minute;
 * the embedded database has no process that could.
 */
export async function refreshStatistics(database: Database, newRows: number): Promise<void> {
  // Whatever goes wrong: what was asked for is stored.
  if (database.kind === 'embedded' && newRows >= manyRows) await database.run(analyzeStatement).catch(() => undefined);
}
