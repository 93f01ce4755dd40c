import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, programArguments } from '../test/support/server-process.ts';
import { cleanUpAtExit, freePort, temporaryFolder } from '../test/support/temporary.ts';

/** A server that is measured: its output goes to a file, as it would under a supervisor. */
export interface MeasuredProcess extends AsyncDisposable {
  readonly url: string;
  /** Milliseconds from its start until it answered. */
  readonly startMilliseconds: number;
  /** Seconds of CPU that it and its children have used so far, in steps of 0.01. */
  processorSeconds(): number;
  /** MiB that it and its children have in memory, shared pages counted once for each. */
  memory(): number;
}

const startSeconds = 60;

/**
 * @param command the program and its arguments; `{port}` stands for the port.
 * @param readyPath is asked until there is an answer of any status below 500.
 */
export async function startProcess(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
  readyPath: string,
  directory?: string,
): Promise<MeasuredProcess> {
  const port = String(await freePort());
  const folder = temporaryFolder('measured');
  const logFile = path.join(folder.path, 'log');
  const log = openSync(logFile, 'a');
  const [program = '', ...rest] = command.map((word) => word.replace('{port}', port));
  const begun = performance.now();
  const child = spawn(program, rest, {
    cwd: directory ?? folder.path,
    env: cleanEnvironment({ PORT: port, ...settings }),
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const forget = cleanUpAtExit(() => killGroup(child));
  const url = `http://127.0.0.1:${port}`;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  while (!(await answers(`${url}${readyPath}`))) {
    if (isRunning() && performance.now() < begun + startSeconds * 1000) {
      await delay(5);
      continue;
    }
    killGroup(child);
    throw new Error(`${command.join(' ')} does not answer:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
  }
  return {
    url,
    startMilliseconds: performance.now() - begun,
    processorSeconds: () => treeOf(child.pid ?? 0).reduce((sum, pid) => sum + processorSecondsOf(pid), 0),
    memory: () => treeOf(child.pid ?? 0).reduce((sum, pid) => sum + memoryOf(pid), 0),
    async [Symbol.asyncDispose]() {
      if (isRunning()) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const late = setTimeout(() => killGroup(child), 10_000);
        await ended;
        clearTimeout(late);
      }
      killGroup(child);
      forget();
      folder.remove();
    },
  };
}

/** Starts the built program. */
export function startChodae(settings: Readonly<Record<string, string>>): Promise<MeasuredProcess> {
  return startProcess([process.execPath, ...programArguments(), 'serve', '--port', '{port}'], settings, '/readyz');
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The process group is empty.
  }
}

function readStatus(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}

/** The fields of /proc/PID/stat after the name, which may hold spaces: state, parent and so on. */
function statOf(pid: number | string): string[] {
  const text = readStatus(pid, 'stat');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** @returns a process and all its descendants. */
function treeOf(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), parent: Number(statOf(pid)[1]) }));
  const tree = [root];
  for (const member of tree) tree.push(...parents.filter(({ parent }) => parent === member).map(({ pid }) => pid));
  return tree;
}

/** The kernel counts in hundredths of a second. */
function processorSecondsOf(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readStatus(pid, 'status'))?.[1] ?? 0) / 1024;
}
