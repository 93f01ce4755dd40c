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
