import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { serve } from '../main.ts';
import { exitCodes } from './exit-codes.ts';
import { explaining, settingsFromHere } from './settings.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly workers?: string;
  readonly reload?: boolean;
}

/** `chodae serve`: runs the service until SIGTERM or SIGINT; then it exits 0. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the service')
    .option('--host <address>', 'address to listen on (HOST)')
    .option('--port <number>', 'port to listen on (PORT); 0 takes any free one')
    .option('--workers <number>', 'processes that share the port (WEB_CONCURRENCY); needs PostgreSQL')
    .option('--reload', 'start again when a source file changes (for development)')
    .action(async (options: ServeOptions) => {
      const code = options.reload ? await serveAndWatch() : await serveHere(options);
      // A timer or a socket of a library must not keep the process alive after everything was closed.
      process.exit(code);
    });
}

async function serveHere({ host, port, workers }: ServeOptions): Promise<number> {
  const config = settingsFromHere({ HOST: host, PORT: port, WEB_CONCURRENCY: workers });
  return explaining(config, () => serve(config, (line) => process.stdout.write(`${line}\n`)));
}

/** Runs the same command under Node's watch mode: on the TypeScript sources in a checkout, on the installed program elsewhere. */
function serveAndWatch(): Promise<number> {
  const source = fileURLToPath(new URL('../../src/cli/chodae.ts', import.meta.url));
  const installed = fileURLToPath(new URL('./chodae.js', import.meta.url));
  const entry = existsSync(source) ? ['--import', 'tsx', source] : [installed];
  const words = process.argv.slice(2).filter((word) => word !== '--reload');
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...entry, ...words], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? exitCodes.success)));
}
