import type { Command } from 'commander';
import type { Database } from '../database/database.ts';
import { openMigratedDatabase } from '../database/open.ts';
import { sweptRows } from '../services.ts';
import { countDueRows, type SweptRows, sweepRows } from '../sweeping/sweep.ts';
import type { CommandContext } from './context.ts';
import { printResult } from './output.ts';
import { explaining, settingsFromHere } from './settings.ts';

interface SweepOptions {
  readonly report?: boolean;
  readonly json?: boolean;
}

/** `chodae sweep`: deletes what is past its time now, or only counts it; what `serve` does every minute. Migrates nothing. */
export function addSweepCommand(program: Command, context: CommandContext): void {
  program
    .command('sweep')
    .description('delete expired sign-ups and records past their time; a running service does it by itself')
    .option('--report', 'only count what would go')
    .option('--json', 'print one JSON document')
    .action(async ({ report, json }: SweepOptions) => {
      const config = settingsFromHere(context);
      const rows = await explaining(config, async () => {
        const database = await openMigratedDatabase(config.database);
        const kinds = sweptRows(config);
        return (report ? countDueRows(database, kinds) : deleteAll(database, kinds)).finally(() => database.close());
      });
      printResult(context, json, report ? { due: rows } : { deleted: rows }, [
        report ? 'Past their time:' : 'Deleted:',
        ...Object.entries(rows).map(([name, count]) => `  ${name.replaceAll('_', ' ').padEnd(18)}${count}`),
      ]);
    });
}

async function deleteAll(database: Database, kinds: readonly SweptRows[]): Promise<Readonly<Record<string, number>>> {
  const { deleted, failed } = await sweepRows(database, kinds);
  const [failure] = Object.values(failed);
  if (failure) throw failure;
  return deleted;
}
