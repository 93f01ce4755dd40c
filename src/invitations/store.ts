import { type Queryable, statement } from '../database/database.ts';

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
