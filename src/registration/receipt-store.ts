import { type Queryable, statement } from '../database/database.ts';

const forgetStatement = statement('registration_forget_receipts', 'DELETE FROM registration_receipts WHERE user_id = $1');

/** Deletes what a completed sign-up left for repeating its last request; the steps that were reached name nobody. */
export async function forgetReceipts(transaction: Queryable, { userId }: { readonly userId: number }): Promise<Record<never, never>> {
  await transaction.run(forgetStatement, [userId]);
  return {};
}
