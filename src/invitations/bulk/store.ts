import { type Queryable, statement } from '../../database/database.ts';
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

/** Makes an invitation for each code that nobody has. @returns how many. */
export async function insertCodes(transaction: Queryable, codes: readonly string[], settings: CommonSettings): Promise<number> {
  const { maxUses, startsAt, expiresAt, campaign, note, createdBy, batch } = settings;
  const [row] = await transaction.run(insertStatement, [codes, maxUses, startsAt, expiresAt, campaign, note, createdBy, batch]);
  return row?.created ?? 0;
}

const revokedStatement = statement<{ name: string }>(
  'bulk_revoked_campaigns',
  'SELECT name FROM campaigns WHERE name = ANY ($1::text[]) AND revoked_at IS NOT NULL',
);

/** Looks without locking anything. @returns those of the campaigns that are revoked. */
export async function revokedCampaigns(database: Queryable, names: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await database.run(revokedStatement, [names])).map((row) => row.name));
}

export interface CodeOfBatch {
  readonly id: number;
  readonly code: string;
}

const pageStatement = statement<CodeOfBatch>(
  'bulk_read_codes',
  'SELECT id, code FROM "Invitation" WHERE batch = $1 AND id > $2 ORDER BY id LIMIT $3',
);

/** The codes of a batch in the order in which they were made, some at a time. */
export async function* codesOfBatch(database: Queryable, batch: string, pageSize = 1_000): AsyncGenerator<readonly CodeOfBatch[], void> {
  let last = 0;
  for (;;) {
    const page = await database.run(pageStatement, [batch, last, pageSize]);
    if (page.length > 0) yield page;
    if (page.length < pageSize) return;
    last = page.at(-1)?.id ?? last;
  }
}
