import type { Actor } from '../audit.ts';
import type { Config } from '../config/config.ts';
import type { Queryable } from '../database/database.ts';
import type { Deadline } from '../deadline.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import { canonicalAddress, isInRanges, parseRanges } from '../rules/ip-address.ts';
import type { InvitationServices } from './dependencies.ts';
import { resetCodes, type TestCodeRow, usableAmong } from './store.ts';

/** The codes of the original's test script, one seat each. They are public: the README names them. */
export const testCodes: readonly string[] = ['TEST001', 'TEST002', 'TEST003', 'TEST004', 'TEST005'];

/**
 * Creates or resets the test codes, for a day.
 * @returns the end of that day, by the database's clock.
 */
export async function seedTestCodes(database: Queryable): Promise<Date> {
  return resetCodes(database, testCodes);
}

/** The same, requested by an operator. */
export async function renewTestCodes(
  { database, audit }: Pick<InvitationServices, 'database' | 'audit'>,
  actor: Actor,
  deadline: Deadline,
): Promise<Date> {
  return database.transaction(async (transaction) => {
    const expiresAt = await seedTestCodes(transaction);
    const after = { count: testCodes.length, expires_at: shownMoment(expiresAt) };
    await audit(transaction, actor, { action: 'invitation.seed', subject: 'invitation', after });
    return expiresAt;
  }, deadline);
}

/** @returns the test codes that are usable right now. */
export function usableTestCodes(database: Queryable): Promise<TestCodeRow[]> {
  return usableAmong(database, testCodes);
}

/** Whether the settings look like a trial on one's own machine: only then a new database gets the test codes. */
export function isForTrying({ isProduction, http }: Pick<Config, 'isProduction' | 'http'>): boolean {
  return !isProduction && isLoopback(http.host) && http.publicUrl === undefined && http.tls === undefined && !http.forceHttps;
}

/** @returns what a new embedded database is filled with. */
export function firstContents(config: Pick<Config, 'isProduction' | 'http'>): (database: Queryable) => Promise<void> {
  return async (database) => {
    if (isForTrying(config)) await seedTestCodes(database);
  };
}

const loopback = parseRanges('loopback');

function isLoopback(host: string): boolean {
  const address = canonicalAddress(host);
  if (address === undefined) return host.toLowerCase() === 'localhost';
  return typeof loopback !== 'string' && isInRanges(address, loopback);
}
