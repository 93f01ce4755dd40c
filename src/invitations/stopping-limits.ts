import type { TransactionOptions } from '../database/database.ts';

/**
 * For operators who stop an invitation or campaign during a rush: they wait for the sign-ups that are completing, longer than those wait in the
 * queue (2.3 s were seen on a busy machine), and must not be told to try again.
 */
export const stoppingLimits: TransactionOptions = { statementMilliseconds: 8_000, lockMilliseconds: 8_000 };
