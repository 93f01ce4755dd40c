import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../test/support/temporary.ts';
import type { TestRun } from './test-plan.ts';

/** What Node's test runner counted at its end. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly exitCode: number;
}

/** A file that keeps something open does not end by itself; none takes as long as this. */
const fileMilliseconds = 300_000;
const groupMilliseconds = 5_000;
/** More at once crash Node now and then: each file may hold an embedded database of its own. */
const concurrency = 2;

let running: ChildProcess | undefined;
let interruption: NodeJS.Signals | undefined;

/** Hands signals on to the test runner under way instead of ending at once, so that everything started can be ended. */
export function forwardSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interruption = signal;
      running?.kill(signal);
    });
  }
}

/** @returns the signal that came in, if one did. */
export function interruptedBy(): NodeJS.Signals | undefined {
  return interruption;
}

/** Runs some files with Node's own runner; its report goes to stdout as it is. */
export async function runTests(root: string, run: TestRun, options: readonly string[], environment: object): Promise<TestCounts> {
  const folder = temporaryFolder('test-report');
  const report = path.join(folder.path, 'report.tap');
  const reporters = ['spec', 'stdout', 'tap', report].map((value, index) =>
    index % 2 === 0 ? `--test-reporter=${value}` : `--test-reporter-destination=${value}`,
  );
  const limits = [`--test-concurrency=${concurrency}`, `--test-timeout=${fileMilliseconds}`];
  const child = spawn(process.execPath, ['--import', 'tsx', '--test', ...limits, ...reporters, ...options, ...run.files], {
    cwd: root,
    env: { ...process.env, ...environment, CHODAE_TEST_DATABASE: run.database },
    stdio: 'inherit',
    // A group of its own: interrupted, the runner ends at once and leaves its files running.
    detached: true,
  });
  running = child;
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  running = undefined;
  if (interruption) await endGroup(child);
  const counts = readCounts(existsSync(report) ? readFileSync(report, 'utf8') : '');
  folder.remove();
  return { ...counts, exitCode };
}

/** Lets the test files end what they started, then ends those that do not. */
async function endGroup(leader: ChildProcess): Promise<void> {
  const deadline = Date.now() + groupMilliseconds;
  let signal: NodeJS.Signals | 0 = 'SIGTERM';
  while (signalGroup(leader, signal) && Date.now() < deadline) {
    signal = 0;
    await sleep(50);
  }
  signalGroup(leader, 'SIGKILL');
}

/** @returns whether there was anybody left. */
function signalGroup(leader: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return leader.pid !== undefined && process.kill(-leader.pid, signal);
  } catch {
    return false;
  }
}

/** Reads the closing lines of a TAP report, such as `# pass 12`; a runner that died before them has counted nothing. */
function readCounts(report: string): Omit<TestCounts, 'exitCode'> {
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(report)?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') + count('todo') };
}
