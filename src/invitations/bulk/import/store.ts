import { type Queryable, statement } from '../../../database/database.ts';
import { stateOf, usedSeats } from '../../availability.ts';

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

/** What changed with a part of a file. */
export interface UpdatedPart {
  /** The lines whose invitations are different now. */
  readonly updated: readonly number[];
  /** Lines that cannot be stored, and why. */
  readonly refused: readonly { readonly line: number; readonly why: 'seats' | 'backwards' | 'revoked'; readonly used: number }[];
  /** Ids of those that can be used now or later and could not before. */
  readonly reopened: readonly number[];
}

const open = (row: string) => `(${stateOf(row)}) IN ('usable', 'not_started')`;
const imported = `json_to_recordset($1::json) AS imported (line integer, code text, wanted_uses integer, sets_end boolean,
       starts_at timestamptz, expires_at timestamptz, campaign text, note text, phone text)`;
const either = (column: string) => `CASE WHEN '${column}' = ANY ($3::text[]) THEN imported.${column} ELSE i.${column} END AS ${column}`;

/** The rows are locked in the order of their ids, so that two of these cannot deadlock. */
const updateStatement = statement<UpdatedPart>(
  'import_update',
  `WITH locked AS (
     SELECT i.id, imported.line, ${open('i')} AS was_open, ${usedSeats('i')} AS used, COALESCE(imported.wanted_uses, i.max_uses) AS max_uses,
       i.max_uses AS max_uses_before, i.campaign AS campaign_before, ${['starts_at', 'campaign', 'note', 'phone'].map(either).join(', ')},
       CASE WHEN imported.sets_end THEN imported.expires_at ELSE i.expires_at END AS expires_at
     FROM ${imported} JOIN "Invitation" i ON i.code = imported.code AND i.batch IS DISTINCT FROM $2::uuid ORDER BY i.id FOR NO KEY UPDATE OF i
   ), refused AS (
     SELECT line, used, CASE WHEN used > max_uses THEN 'seats' WHEN expires_at <= starts_at THEN 'backwards' ELSE 'revoked' END AS why
     FROM locked
     WHERE used > max_uses OR expires_at <= starts_at OR (campaign IS DISTINCT FROM campaign_before
       AND EXISTS (SELECT FROM campaigns revoked WHERE revoked.name = locked.campaign AND revoked.revoked_at IS NOT NULL))
   ), named AS (
     INSERT INTO campaigns (name) SELECT DISTINCT campaign FROM locked WHERE campaign IS NOT NULL ORDER BY campaign ON CONFLICT (name) DO NOTHING
   ), changed AS (
     UPDATE "Invitation" i SET starts_at = locked.starts_at, expires_at = locked.expires_at, campaign = locked.campaign, note = locked.note,
       phone = locked.phone, max_uses = locked.max_uses,
       use_count = CASE WHEN locked.max_uses = locked.max_uses_before THEN i.use_count ELSE locked.used END,
       is_used = CASE WHEN locked.max_uses = locked.max_uses_before THEN i.is_used ELSE locked.used >= locked.max_uses END
     FROM locked
     WHERE i.id = locked.id AND NOT EXISTS (SELECT FROM refused WHERE refused.line = locked.line)
       AND (i.starts_at, i.expires_at, i.campaign, i.note, i.phone, i.max_uses)
         IS DISTINCT FROM (locked.starts_at, locked.expires_at, locked.campaign, locked.note, locked.phone, locked.max_uses)
     RETURNING i.id, locked.line, locked.was_open, ${open('i')} AS is_open
   )
   SELECT ARRAY(SELECT line FROM changed ORDER BY line) AS updated,
     (SELECT COALESCE(json_agg(refused ORDER BY line), '[]') FROM refused) AS refused,
     ARRAY(SELECT id FROM changed WHERE is_open AND NOT was_open ORDER BY id) AS reopened`,
);

/**
 * Changes the invitations that are there already to what the lines say, in the columns that the file has.
 * @param lines JSON, an array of `ImportedLine`. @param batch of those that this import has made, which are left alone.
 */
export async function updateImported(
  transaction: Queryable,
  lines: string,
  batch: string,
  columns: readonly string[],
): Promise<UpdatedPart> {
  const [row] = await transaction.run(updateStatement, [lines, batch, columns]);
  if (!row) throw new Error('the statement gives one row');
  return row;
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
