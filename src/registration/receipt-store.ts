import { type Queryable, statement } from '../database/database.ts';

const forgetStatement = statement('registration_forget_receipts', 'DELETE FROM registration_receipts WHERE user_id = $1');

/** Deletes the receipts of completed sign-ups. The attempts hold no personal data and stay. */
export async function forgetReceipts(transaction: Queryable, { userId }: { readonly userId: number }): Promise<Record<never, never>> {
  await transaction.run(forgetStatement, [userId]);
  return {};
}
