import { spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { runWorkers } from '../process/cluster.ts';
import { serve } from '../process/serve.ts';
import type { CommandContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { explaining, settingsFromHere } from './settings.ts';

interface ServeOptions {
  readonly host?: string;
  readonly port?: string;
  readonly workers?: string;
  readonly reload?: boolean;
}

/** `chodae serve`: runs the service until SIGTERM or SIGINT; then it exits 0. */
export function addServeCommand(program: Command, context: CommandContext): void {
  program
    .command('serve')
    .description('run the service')
    .option('--host <address>', 'address to listen on (HOST)')
    .option('--port <number>', 'port to listen on (PORT); 0 takes any free one')
    .option('--workers <number>', 'processes that share the port (WEB_CONCURRENCY); needs PostgreSQL')
    .option('--reload', 'start again when a source file changes (for development)')
    .action(async (options: ServeOptions) => {
      const code = await (options.reload ? serveAndWatch(context.signal) : serveHere(options, context));
      if (code !== 0) context.exitCode = exitCodes.failure;
    });
}

async function serveHere({ host, port, workers }: ServeOptions, context: CommandContext): Promise<number> {
  const config = settingsFromHere(context, { HOST: host, PORT: port, WEB_CONCURRENCY: workers });
  // A worker starts with the same arguments as its primary process.
  if (cluster.isWorker) return explaining(config, () => serve(config, context.signal, () => {}));
  const run = config.process.workers > 1 ? runWorkers : serve;
  return explaining(config, () => run(config, context.signal, (line) => context.stdout.write(`${line}\n`)));
}

/** Runs the same command under Node's watch mode: on the TypeScript sources in a checkout, on the installed program elsewhere. */
function serveAndWatch(stop: AbortSignal): Promise<number> {
  const source = fileURLToPath(new URL('../../src/cli/chodae.ts', import.meta.url));
  const installed = fileURLToPath(new URL('./chodae.js', import.meta.url));
  const entry = existsSync(source) ? ['--import', 'tsx', source] : [installed];
  const words = process.argv.slice(2).filter((word) => word !== '--reload');
  const child = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...entry, ...words], { stdio: 'inherit' });
  stop.addEventListener('abort', () => child.kill(stop.reason));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? exitCodes.success)));
}
