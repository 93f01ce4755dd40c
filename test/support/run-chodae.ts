import { type ChildProcess, spawn } from 'node:child_process';
import { cleanEnvironment, programArguments } from './server-process.ts';
import { temporaryFolder } from './temporary.ts';

/** What a command of the program left behind. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** All settings; nothing of this process's own environment but PATH, HOME and the like reaches the program. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The working folder; default: an empty temporary one, without `.env` and `data`. */
  readonly directory?: string;
  /** Sends it a signal. */
  readonly onBegin?: (child: ChildProcess) => void;
}

/** Runs a command of the built program to its end. */
export async function runChodae(words: readonly string[], { environment = {}, directory, onBegin }: RunOptions = {}): Promise<Ended> {
  const folder = directory === undefined ? temporaryFolder('command') : undefined;
  const child = spawn(process.execPath, [...programArguments(), ...words], {
    cwd: directory ?? folder?.path,
    env: cleanEnvironment({ LANG: 'C', ...environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onBegin?.(child);
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  folder?.remove();
  return { code, ...printed };
}
