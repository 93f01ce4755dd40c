import type { Config } from '../config/config.ts';
import type { Database } from '../database/database.ts';
import { accessLines } from '../database/migration-lines.ts';
import { openDatabase } from '../database/open.ts';
import { firstContents, isForTrying } from '../invitations/seed-test-codes.ts';

/** Opens the database, brings its schema up to date, and says what that changed. @throws what `openDatabase` throws. */
export async function openMigrated(config: Config, print: (line: string) => void): Promise<Database> {
  const { database, isNew, migration } = await openDatabase(config.database, print, firstContents(config));
  if (migration.applied > 0) print(`Database schema: ${migration.applied} migrations applied.`);
  for (const line of accessLines(migration)) print(line);
  if (isNew && !isForTrying(config)) print('There is no invitation yet. Make one: npx chodae invite create');
  return database;
}
