import { Command, CommanderError } from 'commander';
import { fillSentence, Problem } from '../problems.ts';
import { version } from '../version.ts';
import type { CommandContext } from './context.ts';
import { CommandError, type ExitCode, exitCodes, UsageError } from './exit-codes.ts';
import { printableJson, printableLines } from './printable.ts';

type AddCommand = (program: Command, context: CommandContext) => void;

/** In the order of the help text. Only the command that is called is loaded: loading all of them takes a second of processor time. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  serve: async () => (await import('./serve.ts')).addServeCommand,
  migrate: async () => (await import('./migrate.ts')).addMigrateCommand,
  seed: async () => (await import('./seed.ts')).addSeedCommand,
  invite: async () => (await import('./invite.ts')).addInviteCommand,
  key: async () => (await import('./key.ts')).addKeyCommand,
  session: async () => (await import('./session.ts')).addSessionCommand,
  try: async () => (await import('./try.ts')).addTryCommand,
  sweep: async () => (await import('./sweep.ts')).addSweepCommand,
  doctor: async () => (await import('./doctor.ts')).addDoctorCommand,
};

/** Runs the command that the arguments name. @returns the exit code; errors are printed. */
export async function runProgram(context: CommandContext): Promise<ExitCode> {
  const program = new Command('chodae')
    .description('Invitation-only sign-up service.')
    .version(version)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? 80,
      getErrHelpWidth: () => context.stderr.columns ?? 80,
    })
    .exitOverride();
  try {
    const named = context.arguments[0] ?? '';
    const called = Object.hasOwn(commands, named) ? [commands[named]] : Object.values(commands);
    for (const load of called) (await load?.())?.(program, context);
    await program.parseAsync([...context.arguments], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code !== exitCodes.success) printError(error, context);
    return code;
  }
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage;
  // commander throws after --help and --version too, with exit code 0; any other means wrong usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  return exitCodes.failure;
}

/** Writes the sentence to stderr and, with `--json`, the error as JSON to stdout. */
function printError(error: unknown, context: CommandContext): void {
  const message = messageOf(error, context);
  // commander has printed its own message.
  if (!(error instanceof CommanderError)) context.stderr.write(`${printableLines(message)}\n`);
  if (!context.arguments.includes('--json')) return;
  const code = exitCodeOf(error) === exitCodes.usage ? 'misuse' : 'refused';
  const problem = error instanceof CommandError ? error.problem : undefined;
  context.stdout.write(`${printableJson({ error: { code, message, ...(problem && { problem }) } }, 2)}\n`);
}

function messageOf(error: unknown, { language }: CommandContext): string {
  if (error instanceof UsageError || error instanceof CommandError || error instanceof CommanderError) return error.message;
  if (error instanceof Problem) return fillSentence(error.kind.detail, language, error.details.values);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
