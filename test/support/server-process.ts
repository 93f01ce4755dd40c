import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findUnexpectedLines } from './printed-lines.ts';
import { cleanUpAtExit, temporaryFolder } from './temporary.ts';

/** A running Chodae, seen from outside: a process, an address, and its output. */
export interface ServerProcess {
  /** Such as `http://127.0.0.1:43210`, as the program printed it. */
  readonly url: string;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Everything printed so far, stdout and stderr in the order in which they came. */
  output(): string;
  /** What should not have been printed: text on stderr and log lines of level error or above that nothing allows. */
  unexpectedLines(): string[];
  /**
   * Ends it in good order, or with another signal.
   * @throws AssertionError if it printed something unexpected or does not end.
   */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** Kills it and its workers, like a power cut, without checking the output. */
  kill(): Promise<Exit>;
  /** Like `stop`, unless it has ended already; then it only checks the output. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerOptions {
  /** All settings; nothing of this process's own environment but PATH, HOME and the like reaches the server. */
  readonly environment: Readonly<Record<string, string>>;
  /** Further arguments of `chodae serve`. */
  readonly args?: readonly string[];
  /** `dist`: the built program, as users run it. `source`: the same from the sources, slower to start. */
  readonly command?: 'dist' | 'source';
  /** The working folder; default: an empty temporary one, without `.env` and `data`. */
  readonly directory?: string;
  /** Unexpected lines that match one of these are expected here. */
  readonly allow?: readonly RegExp[];
  readonly startSeconds?: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const stopSeconds = 20;
const addressPattern = /https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+/;
const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];

/** @returns how to start the program: the arguments of `node` before those of `chodae`. */
export function programArguments(command: 'dist' | 'source' = 'dist'): string[] {
  if (command === 'source') return ['--import', import.meta.resolve('tsx'), `${root}src/cli/chodae.ts`];
  const program = `${root}dist/cli/chodae.js`;
  assert.ok(existsSync(program), 'dist/cli/chodae.js is missing: run `npm run build`');
  return [program];
}

/** @returns an environment with only the given settings. */
export function cleanEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  const own = inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  return { ...Object.fromEntries(own), ...settings };
}

/**
 * Waits for a line that the start prints after its address.
 * @returns it.
 */
export async function printedLine(server: { output(): string }, pattern: RegExp): Promise<string> {
  const until = Date.now() + 30_000;
  for (;;) {
    const line = server
      .output()
      .split('\n')
      .find((each) => pattern.test(each));
    if (line !== undefined) return line;
    assert.ok(Date.now() < until, `${pattern} was not printed:\n${server.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Starts `chodae serve` on a free port and waits for the address that it prints. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const folder = options.directory ? { path: options.directory, remove: () => {} } : temporaryFolder('server');
  const child = spawn(process.execPath, [...programArguments(options.command), 'serve', '--port', '0', ...(options.args ?? [])], {
    cwd: folder.path,
    // Most tests are floods from one address; those about limits say `RATE_LIMIT: 'on'`.
    env: cleanEnvironment({ RATE_LIMIT: 'off', ...options.environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, so that its workers end with it.
    detached: true,
  });
  const forget = cleanUpAtExit(() => killGroup(child));
  const printed: { stream: 'stdout' | 'stderr'; text: string }[] = [];
  const output = () => printed.map((piece) => piece.text).join('');
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  child.once('exit', () => killGroup(child));
  void exited.then(forget).then(folder.remove);
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => printed.push({ stream, text }));
  }

  function unexpectedLines(): string[] {
    const textOf = (stream: string) => printed.filter((piece) => piece.stream === stream).map((piece) => piece.text);
    return findUnexpectedLines({ stdout: textOf('stdout').join(''), stderr: textOf('stderr').join('') }, options.allow);
  }

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> {
    child.kill(signal);
    const late = setTimeout(() => killGroup(child), stopSeconds * 1000);
    const exit = await exited;
    clearTimeout(late);
    assert.ok(
      exit.signal !== 'SIGKILL' || signal === 'SIGKILL',
      `the server does not end within ${stopSeconds} s of ${signal}:\n${output()}`,
    );
    assert.deepEqual(unexpectedLines(), [], 'the server printed something unexpected');
    return exit;
  }

  const url = await printedAddress(child, exited, output, options.startSeconds ?? 60);
  return {
    url,
    process: child,
    exited,
    output,
    unexpectedLines,
    stop,
    async kill() {
      killGroup(child);
      return exited;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop();
      else assert.deepEqual(unexpectedLines(), [], 'the server printed something unexpected');
    },
  };
}

async function printedAddress(child: ChildProcess, exited: Promise<Exit>, output: () => string, seconds: number): Promise<string> {
  const deadline = Date.now() + seconds * 1000;
  let exit: Exit | undefined;
  void exited.then((value) => {
    exit = value;
  });
  while (Date.now() < deadline && !exit) {
    const address = addressPattern.exec(output())?.[0];
    if (address) return address;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  killGroup(child);
  const reason = exit ? `ended with ${exit.signal ?? exit.code}` : `printed no address within ${seconds} s`;
  throw new Error(`The server ${reason}:\n${output()}`);
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The process group is empty.
  }
}
