import { spawn, spawnSync } from 'node:child_process';
import { cleanEnvironment } from './server-process.ts';

export interface ShellResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a text as a person would in a shell, with nothing of this process's settings. */
export async function runInShell(
  text: string,
  { environment = {}, directory }: { environment?: Readonly<Record<string, string>>; directory?: string } = {},
): Promise<ShellResult> {
  const child = spawn('bash', ['-c', text], {
    cwd: directory,
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (piece: string) => {
      printed[stream] += piece;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...printed };
}

/** @returns false where all the programs are there, else the reason to skip a test. */
export function missingPrograms(...programs: readonly string[]): string | false {
  const missing = programs.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error);
  return missing.length > 0 && `not on this machine: ${missing.join(', ')}`;
}
