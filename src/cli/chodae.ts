#!/usr/bin/env node
import { exitNow, stopSignal } from '../main.ts';
import { exitCodes } from './exit-codes.ts';
import { languageFromEnvironment } from './messages.ts';
import { runProgram } from './program.ts';

const { stdin, stdout, stderr, env } = process;
const isService = process.argv[2] === 'serve';
stdout.on('error', ignoreClosedPipe);
process.exitCode = await runProgram({
  arguments: process.argv.slice(2),
  environment: env,
  directory: process.cwd(),
  stdin,
  stdout,
  stderr,
  language: languageFromEnvironment(env),
  get signal() {
    return stopSignal({ isPatient: isService });
  },
  exitCode: exitCodes.success,
});
if (isService) exitNow();

/** `chodae … | head` closes the pipe early; that is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
