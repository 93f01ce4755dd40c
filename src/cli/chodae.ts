#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { fillSentence, Problem } from '../errors.ts';
import { exitNow, stopSignal } from '../main.ts';
import { version } from '../version.ts';
import { CommandError, type ExitCode, exitCodes, UsageError } from './exit-codes.ts';
import { languageFromEnvironment } from './messages.ts';
import { printableJson, printableLines } from './printable.ts';

/** What each command is given. */
export interface Entry {
  /** Aborts at SIGTERM and SIGINT. A command that never reads it is ended by them. */
  readonly signal: AbortSignal;
}

const program = new Command('chodae')
  .description('Invitation-only sign-up service.')
  .version(version)
  .showSuggestionAfterError()
  .exitOverride();

/** In the order of the help text. Only the command that is called is loaded: all of them together take a second of processor time. */
const commands: Readonly<Record<string, () => Promise<(program: Command, entry: Entry) => void>>> = {
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

await runProgram();

async function runProgram(): Promise<void> {
  process.stdout.on('error', leaveQuietlyWithoutReader);
  const named = process.argv[2] ?? '';
  const isService = named === 'serve';
  const entry: Entry = {
    get signal() {
      return stopSignal({ isPatient: isService });
    },
  };
  try {
    const called = Object.hasOwn(commands, named) ? [commands[named]] : Object.values(commands);
    for (const load of called) (await load?.())?.(program, entry);
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (process.exitCode !== exitCodes.success) tell(error);
  }
  if (isService) exitNow();
}

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage;
  // commander throws to leave after --help and --version too, then with 0; with any other number it was called wrongly.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  return exitCodes.failure;
}

/** Whoever asked for JSON gets the failure as JSON too; everybody gets the sentence on stderr. */
function tell(error: unknown): void {
  const message = sentenceOf(error);
  // commander has written its own sentence by now.
  if (!(error instanceof CommanderError)) process.stderr.write(`${printableLines(message)}\n`);
  if (!process.argv.includes('--json')) return;
  const code = exitCodeOf(error) === exitCodes.usage ? 'misuse' : 'refused';
  const problem = error instanceof CommandError ? error.problem : undefined;
  process.stdout.write(`${printableJson({ error: { code, message, ...(problem && { problem }) } }, 2)}\n`);
}

function sentenceOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof CommandError || error instanceof CommanderError) return error.message;
  if (error instanceof Problem) return fillSentence(error.kind.detail, languageFromEnvironment(process.env), error.details.values);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** `chodae … | head` closes the pipe early; that is no failure. */
function leaveQuietlyWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
