import type { TransactionOptions } from '../database/database.ts';

/**
 * For whoever stops an invitation or a campaign in the midst of a rush: they wait for those who are completing, longer than the people in the queue do (2.3 s were seen
 * on a busy machine), and must not be told to come again.
 */
export const stoppingLimits: TransactionOptions = { statementMilliseconds: 8_000, lockMilliseconds: 8_000 };
