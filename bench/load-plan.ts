import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cleanUpAtExit } from '../test/support/temporary.ts';

/** What the load generator sends until `seconds` are over, or until nothing is left to send. */
export interface LoadPlan {
  readonly url: string;
  /**
   * `verify`: one of `count` codes at random. `birthday`: one of `count` sessions at random. `phone`: each of `count` sessions once.
   * `name`: one of `count` sessions at random, again 0.25 s after a 503. `sign-up`: all four requests, each of `count` codes once.
   * `better-auth`: its sign-up by e-mail.
   */
  readonly kind: 'verify' | 'birthday' | 'phone' | 'name' | 'sign-up' | 'better-auth';
  readonly connections: number;
  readonly seconds: number;
  /** Codes are `<prefix><1 to count>`; sessions are MD5 digests of 1 to count. */
  readonly count: number;
  /** Requests a second however slow the answers are, each timed from the moment at which it was due. Default: as fast as they are answered. */
  readonly perSecond?: number;
  /** Whether each request comes from another address, in `X-Forwarded-For`. Default: all come from one. */
  readonly hasManyAddresses?: boolean;
}

export const codePrefix = 'BENCH-';

export interface LoadResult {
  /** What was answered with 200; whole sign-ups if the plan is `sign-up`. */
  readonly answered: number;
  /** How many times each other status was answered. */
  readonly others: Readonly<Record<string, number>>;
  /** Actual duration. */
  readonly seconds: number;
  /** Milliseconds per request that was answered with 200 (per whole sign-up), and per step of a sign-up. */
  readonly p50: number;
  readonly p99: number;
  readonly steps: Readonly<Record<string, number>>;
}

const program = fileURLToPath(new URL('load.ts', import.meta.url));

/**
 * Runs the load generator in a process of its own.
 * @throws Error if it fails.
 */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const forget = cleanUpAtExit(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const [code] = await once(child, 'close').finally(forget);
  if (code !== 0) throw new Error(`the load generator ended with ${code}`);
  return JSON.parse(printed);
}
