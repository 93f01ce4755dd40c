import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanEnvironment } from './server-process.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const program = path.join(path.dirname(createRequire(import.meta.url).resolve('drizzle-kit')), 'bin.cjs');

/** Starts `npx drizzle-kit …` in the root of the repository, without a terminal. */
export function startDrizzleKit(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, [program, ...words], {
    cwd: root,
    env: cleanEnvironment({ NO_COLOR: '1', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, output: () => output };
}

/** Runs a drizzle-kit command to its end. */
export async function runDrizzleKit(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { ended, output } = startDrizzleKit(words, environment);
  return { code: await ended, output: output() };
}
