import { type Queryable, statement } from '../database/database.ts';
import { type InvitationRow, invitationColumns } from './invitation-row.ts';

const resetCodesStatement = statement<{ id: number }>(
  'invitations_reset_codes',
  `INSERT INTO "Invitation" (code, is_used) SELECT code, false FROM unnest($1::text[]) AS wanted (code)
   ON CONFLICT (code) DO UPDATE SET is_used = false, used_by = NULL
   RETURNING id`,
);

/** Makes each code work again, creating it where it is missing: what the original's `INSERT … ON CONFLICT` does. @returns how many. */
export async function resetCodes(database: Queryable, codes: readonly string[]): Promise<number> {
  return (await database.run(resetCodesStatement, [codes])).length;
}

const nowStatement = statement<{ now: Date }>('invitations_now', 'SELECT now() AS now');

/** The moment of the transaction by the database's clock: what every `now()` in it gives. */
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

/** Makes an invitation for each code that none has yet. Its campaign has to be named before (`nameCampaigns`). @returns them, by id. */
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

/** Names invitations by their ids; one that is gone is left out. */
export async function invitationsNamed(database: Queryable, ids: readonly number[]): Promise<ReadonlyMap<number, InvitationNamedRow>> {
  const rows = await database.run(namedStatement, [ids]);
  return new Map(rows.map((row) => [row.id, row]));
}
