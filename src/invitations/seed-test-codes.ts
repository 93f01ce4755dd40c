import type { Queryable } from '../database/database.ts';
import { resetCodes } from './store.ts';

/** The codes that the original's test script uses, one seat each. */
export const testCodes: readonly string[] = ['TEST001', 'TEST002', 'TEST003', 'TEST004', 'TEST005'];

/** Creates the test codes, or makes them work again. */
export async function seedTestCodes(database: Queryable): Promise<void> {
  await resetCodes(database, testCodes);
}
