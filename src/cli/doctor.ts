import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { examineDatabase } from './doctor/examine-database.ts';
import { examineFiles } from './doctor/examine-files.ts';
import { examineLimits } from './doctor/examine-limits.ts';
import { examineRows } from './doctor/examine-rows.ts';
import { examineSettings } from './doctor/examine-settings.ts';
import { examineTestCodes } from './doctor/examine-test-codes.ts';
import { type Finding, pages } from './doctor/finding.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { printResult } from './output.ts';
import { painter } from './paint.ts';
import { printable } from './printable.ts';
import { readSettings } from './settings.ts';

/** `chodae doctor`: looks at settings, machine and database, changes nothing, and exits 1 where something would not work. */
export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('look at settings, machine and database, and say what to fix')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => {
      const findings = await examine(context);
      printResult(
        context,
        options.json,
        { findings },
        findings.flatMap((finding) => lines(finding, context)),
      );
      if (findings.some((finding) => finding.verdict === 'problem')) context.exitCode = exitCodes.failure;
    });
}

const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const;

function lines({ name, verdict, message, advice, page }: Finding, { stdout }: CommandContext): string[] {
  const [colour, mark] = marks[verdict];
  const shown = painter(stdout)(colour, mark);
  const more = verdict === 'ok' ? [] : [...(advice ? [`    ${advice}`] : []), `    See ${page}`];
  return [`${shown} ${name}: ${printable(message)}`, ...more.map(printable)];
}

async function examine(context: CommandContext): Promise<Finding[]> {
  const named = { name: 'settings', page: pages.settings };
  let settings: ReturnType<typeof readSettings>;
  try {
    settings = readSettings(context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [{ ...named, verdict: 'problem', message: error.message }];
  }
  const { config, warnings } = settings;
  return [
    ...warnings.map((message): Finding => ({ ...named, verdict: 'warning', message })),
    ...(warnings.length === 0 ? [{ ...named, verdict: 'ok', message: 'every setting can be used' } as const] : []),
    ...(await examineDatabase(config)),
    ...(await examineRows(config)),
    ...examineFiles(config, context.directory),
    ...(await examineTestCodes(config, context)),
    ...(await examineLimits(config)),
    ...(await examineSettings(config)),
  ];
}
