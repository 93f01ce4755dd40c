import { type Queryable, statement } from '../database/database.ts';

const addStatement = statement(
  'campaigns_add',
  `INSERT INTO campaigns (name) SELECT DISTINCT name FROM unnest($1::text[]) AS wanted (name) ORDER BY name ON CONFLICT (name) DO NOTHING`,
);

/** Inserts missing campaigns, in sorted order, so that two transactions cannot deadlock. */
export async function addCampaigns(transaction: Queryable, names: readonly string[]): Promise<void> {
  await transaction.run(addStatement, [names]);
}

export interface CampaignRow {
  readonly name: string;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

const lockStatement = statement<CampaignRow>(
  'campaigns_lock_named',
  'SELECT name, created_at, revoked_at FROM campaigns WHERE name = ANY ($1::text[]) ORDER BY name FOR SHARE',
);

/** Locks campaigns against being revoked or restored until the transaction ends; waits for a transaction that is doing so. */
export async function lockCampaignsNamed(transaction: Queryable, names: readonly string[]): Promise<readonly CampaignRow[]> {
  return transaction.run(lockStatement, [names]);
}
