import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import { seedTestCodes, testCodes } from '../invitations/seed-test-codes.ts';

/** Opens the database, brings its schema up to date, and says what that changed. @throws what `openDatabase` throws. */
export async function openMigrated(config: Config, print: (line: string) => void): Promise<Database> {
  const { database, isNew, migration } = await openDatabase(config.database, print, seedTestCodes);
  if (migration.applied > 0) print(`Database schema: ${migration.applied} migrations applied.`);
  if (migration.closedTables.length > 0) {
    print(`Row level security turned on, so that Supabase's automatic REST API no longer serves: ${migration.closedTables.join(', ')}.`);
  }
  if (isNew) print(`Invitation codes to try: ${testCodes.join(', ')}.`);
  return database;
}
