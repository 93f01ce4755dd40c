import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { CommandContext } from '../../src/cli/context.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { languageFromEnvironment } from '../../src/cli/messages.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Ended, RunOptions } from './run-chodae.ts';
import { temporaryFolder } from './temporary.ts';

/** Runs a command in this process. For what the process itself does (signals, pipes, exit) there is `runChodae`. */
export async function runCommand(words: readonly string[], options: Omit<RunOptions, 'onBegin'> = {}): Promise<Ended> {
  const folder = options.directory === undefined ? temporaryFolder('command') : undefined;
  const directory = options.directory ?? folder?.path ?? '';
  // Not the current folder's `data`.
  const data = options.environment?.DATABASE_URL === undefined ? { DATA_DIR: path.join(directory, 'data') } : {};
  const { context, stdout, stderr } = testContext({
    arguments: words,
    directory,
    environment: { LANG: 'C', ...data, ...options.environment },
  });
  const code = await runProgram(context);
  folder?.remove();
  return { code, stdout: stdout(), stderr: stderr() };
}

/** @returns a context whose output is kept, without a terminal unless `isTTY` says so. */
export function testContext({ isTTY = false, ...given }: Partial<CommandContext> & { readonly isTTY?: boolean } = {}) {
  const written = { stdout: '', stderr: '', both: '' };
  const keep = (name: 'stdout' | 'stderr') =>
    Object.assign(
      new Writable({
        decodeStrings: true,
        write(chunk: Buffer, _encoding, done) {
          written[name] += chunk.toString();
          written.both += chunk.toString();
          done();
        },
      }),
      { isTTY },
    );
  const context: CommandContext = {
    arguments: [],
    environment: {},
    directory: '/nonexistent',
    stdin: Readable.from([]),
    stdout: keep('stdout'),
    stderr: keep('stderr'),
    language: languageFromEnvironment({ ...given.environment }),
    signal: new AbortController().signal,
    exitCode: exitCodes.success,
    ...given,
  };
  return { context, stdout: () => written.stdout, stderr: () => written.stderr, output: () => written.both };
}
