import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Outcomes } from './measured-request.ts';
import { cleanUpAtExit } from './temporary.ts';

/** How many of each; none unless said. */
export interface SlowConnections {
  readonly headers?: number;
  readonly bodies?: number;
  readonly idle?: number;
  readonly readers?: number;
  readonly pipelines?: number;
}

/** What a load process does until it is stopped. */
export type LoadPlan =
  /** Each session has a connection and saves its password again and again; after a refusal it waits for Retry-After. */
  | { readonly kind: 'passwords'; readonly url: string; readonly sessions: readonly string[] }
  /**
   * Connections, of several addresses, on which header fields, or bodies, come a byte a second; on which nothing comes; on which eight answers
   * are asked for, or a thousand, and none is read. One that is closed is opened again.
   */
  | ({ readonly kind: 'slow'; readonly port: number } & SlowConnections)
  /** People who sign up one after another, each with their own code: `<codes>-1`, `<codes>-2` and so on. */
  | { readonly kind: 'sign-ups'; readonly url: string; readonly people: number; readonly codes: string };

export interface LoadProcess {
  /**
   * Lets it finish the requests in flight.
   * @returns how all that it asked ended.
   */
  stop(): Promise<Outcomes>;
}

const program = fileURLToPath(new URL('load-generator.ts', import.meta.url));
const startSeconds = 30;

/** Starts a load in a separate process, niced below the server's hashing threads, so that it takes as little CPU from the server as possible. */
export async function startLoadProcess(plan: LoadPlan): Promise<LoadProcess> {
  const own = [process.execPath, '--import', import.meta.resolve('tsx'), program, JSON.stringify(plan)];
  const child = spawn('nice', ['-n', '15', ...own], { stdio: ['pipe', 'pipe', 'inherit'] });
  const forget = cleanUpAtExit(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const ended = once(child, 'close').finally(forget);
  const deadline = Date.now() + startSeconds * 1000;
  while (!printed.includes('\n')) {
    assert.ok(child.exitCode === null && Date.now() < deadline, 'the load does not begin');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async stop() {
      child.stdin.end();
      await ended;
      return JSON.parse(printed.slice(printed.indexOf('\n')));
    },
  };
}
