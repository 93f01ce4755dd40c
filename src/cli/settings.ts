import cluster from 'node:cluster';
import type { Config } from '../config/config.ts';
import { envFileWarnings, readEnvFile } from '../config/env-file.ts';
import { ConfigError, configWarnings, readConfig } from '../config/read-config.ts';
import { DataFolderError } from '../database/embedded-folder.ts';
import { DatabaseInUseError } from '../database/embedded-lock.ts';
import { explainConnectionFailure } from '../database/explain-connection.ts';
import { SchemaError } from '../database/schema-state.ts';
import { TlsFileError } from '../http/https/certificate.ts';
import { BrandFileError } from '../pages/brand-files.ts';
import type { CommandContext } from './context.ts';
import { CommandError, UsageError } from './exit-codes.ts';

/** The environment of this process with the `.env` file of the current folder behind it and the command's own options before it. */
function environmentOf(
  { directory, environment }: CommandContext,
  options: Readonly<Record<string, string | undefined>> = {},
): Record<string, string | undefined> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...readEnvFile(directory, environment), ...Object.fromEntries(given) };
}

/**
 * The settings of this process, with warnings written to stderr.
 * @param options settings that the command line names, by the name of the variable.
 * @throws UsageError with a sentence for each mistake.
 */
export function settingsFromHere(context: CommandContext, options: Readonly<Record<string, string | undefined>> = {}): Config {
  const { config, warnings } = readSettings(context, options);
  // One of several workers has a primary process that has said it.
  if (cluster.isPrimary) for (const warning of warnings) context.stderr.write(`${warning}\n`);
  return config;
}

/** @returns the settings of this process, and a sentence for what was probably meant otherwise. @throws UsageError with a sentence for each mistake. */
export function readSettings(
  context: CommandContext,
  options: Readonly<Record<string, string | undefined>> = {},
): { readonly config: Config; readonly warnings: readonly string[] } {
  try {
    const environment = environmentOf(context, options);
    const config = readConfig(environment);
    return { config, warnings: [...envFileWarnings(context.directory), ...configWarnings(config, environment)] };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}

/** Runs a command's work; failures of the surroundings become one sentence. @throws CommandError */
export async function explaining<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(error, config);
  }
}

function explained(error: unknown, { database, http }: Config): unknown {
  if ([DatabaseInUseError, DataFolderError, SchemaError, TlsFileError, BrandFileError].some((kind) => error instanceof kind))
    return new CommandError((error as Error).message);
  const { code, syscall, port = http.port } = error as { code?: string; syscall?: string; port?: number };
  // The port of several workers is bound by their primary process.
  const isAddress = syscall === 'listen' || syscall === 'bind';
  if (isAddress && code === 'EADDRINUSE') {
    return new CommandError(
      `Port ${port} is in use by another program. Stop that one, or choose another: ${port === http.port ? `--port ${port + 1} (or PORT)` : 'METRICS_PORT'}.`,
    );
  }
  if (isAddress) return new CommandError(`Cannot listen on port ${port} (${code}). Check HOST and PORT, METRICS_HOST and METRICS_PORT.`);
  const sentence = database.kind === 'postgresql' ? explainConnectionFailure(error, database.migrations) : undefined;
  if (sentence !== undefined) return new CommandError(sentence);
  return error;
}
