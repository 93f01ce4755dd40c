import type { Command } from 'commander';
import { accessLines } from '../database/migration-lines.ts';
import { openDatabase } from '../database/open.ts';
import { firstContents } from '../invitations/seed-test-codes.ts';
import type { CommandContext } from './context.ts';
import { printResult } from './output.ts';
import { explaining, settingsFromHere } from './settings.ts';

/** `chodae migrate`: brings the schema up to date and ends; what `serve` does at its start. */
export function addMigrateCommand(program: Command, context: CommandContext): void {
  program
    .command('migrate')
    .description('bring the database schema up to date')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const config = settingsFromHere(context);
      await explaining(config, async () => {
        const { database, migration } = await openDatabase(
          config.database,
          (line) => context.stderr.write(`${line}\n`),
          firstContents(config),
        );
        await database.close();
        printResult(context, options.json, migration, [
          migration.applied > 0 ? `${migration.applied} migrations applied.` : 'The schema is up to date.',
          ...accessLines(migration),
        ]);
      });
    });
}
