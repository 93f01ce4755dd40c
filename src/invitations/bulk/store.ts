import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Database, type Queryable, statement } from '../../database/database.ts';
import { startDeadline } from '../../deadline.ts';
import { bulkLimit, exportLimit } from '../../time-limits.ts';
import type { LifeSpan } from '../resolve-validity.ts';

/** What the invitations of one bulk request have in common. */
export interface CommonSettings extends LifeSpan {
  readonly maxUses: number;
  readonly campaign: string | null;
  readonly note: string | null;
  /** The label of the operator key. */
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
 * Creates an invitation for each code that does not exist yet.
 * @returns how many were created.
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
 * Reads without locking.
 * @returns the campaigns that are revoked.
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
 * The codes of a batch in order of creation, up to `pageSize` at a time. Each statement bounds the ids on both ends: with a LIMIT instead of the
 * upper bound, PostgreSQL without fresh statistics sorted the rest of a million rows for each page.
 */
export async function* codesOfBatch(database: Database, batch: string, pageSize = 1_000): AsyncGenerator<readonly CodeOfBatch[], void> {
  const [range] = await database.run(rangeStatement, [batch], startDeadline(exportLimit));
  const last = range?.last ?? 0;
  for (let id = range?.first ?? 1; id <= last; id += pageSize) {
    const page = await database.run(pageStatement, [batch, id, Math.min(id + pageSize - 1, last)], startDeadline(exportLimit));
    if (page.length > 0) yield page;
    // The embedded database does not yield the thread by itself.
    await nextTurn();
  }
}

const analyzeStatement = statement('bulk_analyze', 'ANALYZE "Invitation"');

/** Fewer new rows do not change the statistics enough to matter. */
const manyRows = 1_000;

/**
 * After this many new rows the old statistics lead to bad plans for lists. PostgreSQL's autovacuum notices within a minute; the embedded
 * database has none.
 */
export async function refreshStatistics(database: Database, newRows: number): Promise<void> {
  // A failure is ignored: the invitations are stored.
  if (database.kind === 'embedded' && newRows >= manyRows)
    await database.run(analyzeStatement, [], startDeadline(bulkLimit)).catch(() => undefined);
}
