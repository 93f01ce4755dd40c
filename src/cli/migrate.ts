import type { Command } from 'commander';
import { accessLines } from '../database/migration-lines.ts';
import { openDatabase } from '../database/open.ts';
import { firstContents } from '../invitations/seed-test-codes.ts';
import { printResult } from './output.ts';
import { explaining, settingsFromHere } from './settings.ts';

/** `chodae migrate`: brings the schema up to date and ends; what `serve` does at its start. */
export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const config = settingsFromHere();
      await explaining(config, async () => {
        const { database, migration } = await openDatabase(
          config.database,
          (line) => process.stderr.write(`${line}\n`),
          firstContents(config),
        );
        await database.close();
        printResult(options.json, migration, [
          migration.applied > 0 ? `${migration.applied} migrations applied.` : 'The schema is up to date.',
          ...accessLines(migration),
        ]);
      });
    });
}
