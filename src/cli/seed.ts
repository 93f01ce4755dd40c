import type { Command } from 'commander';
import { openDatabase } from '../database/open.ts';
import { seedTestCodes, testCodes } from '../invitations/seed-test-codes.ts';
import { printResult } from './output.ts';
import { explaining, settingsFromHere } from './settings.ts';

/** `chodae seed`: makes TEST001 to TEST005 work, new or again, like the original's SQL. */
export function addSeedCommand(program: Command): void {
  program
    .command('seed')
    .description(`create the codes ${testCodes[0]} to ${testCodes.at(-1)}, or make them work again`)
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const config = settingsFromHere();
      await explaining(config, async () => {
        const { database } = await openDatabase(config.database, (line) => process.stderr.write(`${line}\n`), seedTestCodes);
        await seedTestCodes(database).finally(() => database.close());
        printResult(options.json, { codes: testCodes }, [`These codes can be used: ${testCodes.join(', ')}.`]);
      });
    });
}
