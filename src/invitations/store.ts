import { type Queryable, statement } from '../database/database.ts';
import { stateOf } from './availability.ts';
import { type InvitationRow, invitationColumns } from './invitation-row.ts';

const resetCodesStatement = statement<{ expires_at: Date }>(
  'invitations_reset_codes',
  `INSERT INTO "Invitation" (code, is_used, expires_at) SELECT code, false, now() + interval '1 day' FROM unnest($1::text[]) AS wanted (code)
   ON CONFLICT (code) DO UPDATE
     SET is_used = false, used_by = NULL, starts_at = NULL, revoked_at = NULL, expires_at = EXCLUDED.expires_at
   RETURNING expires_at`,
);

/**
 * Makes each code work for a day, creating it if it is missing: the original's `INSERT … ON CONFLICT`, with an expiry.
 * @returns the expiry.
 */
export async function resetCodes(database: Queryable, codes: readonly string[]): Promise<Date> {
  const [row] = await database.run(resetCodesStatement, [codes]);
  if (!row) throw new Error('the statement gives a row for each code');
  return row.expires_at;
}

export interface TestCodeRow {
  readonly code: string;
  /** null: never. */
  readonly expires_at: Date | null;
}

const usableStatement = statement<TestCodeRow>(
  'invitations_usable_among',
  `SELECT i.code, i.expires_at FROM "Invitation" i WHERE i.code = ANY ($1::text[]) AND ${stateOf('i')} = 'usable' ORDER BY i.code`,
);

export async function usableAmong(database: Queryable, codes: readonly string[]): Promise<TestCodeRow[]> {
  return database.run(usableStatement, [codes]);
}

const nowStatement = statement<{ now: Date }>('invitations_now', 'SELECT now() AS now');

/** The transaction's time by the database's clock: what `now()` gives in it. */
export async function databaseNow(transaction: Queryable): Promise<Date> {
  const [row] = await transaction.run(nowStatement);
  if (!row) throw new Error('the statement gives one row');
  return row.now;
}

/** What new invitations have in common. */
export interface NewInvitations {
  readonly maxUses: number;
  readonly startsAt: Date | null;
  readonly expiresAt: Date | null;
  readonly campaign: string | null;
  readonly note: string | null;
  readonly phone: string | null;
  readonly createdBy: string;
}

const insertStatement = statement<InvitationRow>(
  'invitations_insert',
  `INSERT INTO "Invitation" AS i (code, max_uses, starts_at, expires_at, campaign, note, phone, created_by)
   SELECT code, $2, $3, $4, $5, $6, $7, $8 FROM unnest($1::text[]) AS wanted (code)
   ON CONFLICT (code) DO NOTHING
   RETURNING ${invitationColumns('i')}`,
);

/**
 * Creates an invitation for each code that does not exist yet. Create its campaign first (`nameCampaigns`).
 * @returns them, ordered by id.
 */
export async function insertInvitations(
  transaction: Queryable,
  codes: readonly string[],
  { maxUses, startsAt, expiresAt, campaign, note, phone, createdBy }: NewInvitations,
): Promise<InvitationRow[]> {
  const rows = await transaction.run(insertStatement, [codes, maxUses, startsAt, expiresAt, campaign, note, phone, createdBy]);
  return rows.sort((left, right) => left.id - right.id);
}

export interface InvitationNamedRow {
  readonly id: number;
  readonly code: string;
  readonly campaign: string | null;
}

const namedStatement = statement<InvitationNamedRow>(
  'invitations_named',
  'SELECT id, code, campaign FROM "Invitation" WHERE id = ANY ($1::integer[])',
);

/** Reads invitations by their ids; missing ones are skipped. */
export async function invitationsNamed(database: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, InvitationNamedRow>> {
  const rows = await database.run(namedStatement, [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}
