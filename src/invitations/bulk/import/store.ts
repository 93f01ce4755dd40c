import { type Queryable, statement } from '../../../database/database.ts';

const takenStatement = statement<{ code: string }>('import_taken_codes', 'SELECT code FROM "Invitation" WHERE code = ANY ($1::text[])');

/** @returns those of the codes that exist, exactly as they are written. */
export async function takenCodes(database: Queryable, codes: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await database.run(takenStatement, [codes])).map((row) => row.code));
}

const insertStatement = statement<{ created: number }>(
  'import_insert',
  `WITH created AS (
     INSERT INTO "Invitation" (code, max_uses, starts_at, expires_at, campaign, note, phone, created_by, batch)
     SELECT code, max_uses, starts_at, expires_at, campaign, note, phone, $2, $3::uuid
     FROM json_to_recordset($1::json) AS imported
       (code text, max_uses integer, starts_at timestamptz, expires_at timestamptz, campaign text, note text, phone text)
     ON CONFLICT (code) DO NOTHING RETURNING id
   )
   SELECT count(*) AS created FROM created`,
);

/**
 * Makes those that are not there yet.
 * @param imported JSON, an array of `ImportedInvitation`.
 * @param createdBy the label of the operator who imports them. @param batch a UUID.
 * @returns how many.
 */
export async function insertImported(transaction: Queryable, imported: string, createdBy: string, batch: string): Promise<number> {
  const [row] = await transaction.run(insertStatement, [imported, createdBy, batch]);
  return row?.created ?? 0;
}

const nameStatement = statement<{ revoked: string }>(
  'import_name_campaigns',
  `WITH named AS (
     SELECT DISTINCT campaign AS name FROM "Invitation" WHERE batch = $1 AND campaign IS NOT NULL
   ), added AS (
     INSERT INTO campaigns (name) SELECT name FROM named ORDER BY name ON CONFLICT (name) DO NOTHING
   )
   SELECT name AS revoked FROM named JOIN campaigns USING (name) WHERE revoked_at IS NOT NULL ORDER BY name LIMIT 1`,
);

/** Gives the campaigns of a batch their rows. @returns one that was revoked meanwhile. */
export async function nameCampaignsOf(transaction: Queryable, batch: string): Promise<string | undefined> {
  const [row] = await transaction.run(nameStatement, [batch]);
  return row?.revoked;
}
