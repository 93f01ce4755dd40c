import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { inTime } from './in-time.ts';
import { isRequired } from './requirements.ts';
import { cleanUpAtExit, freePort, temporaryFolder } from './temporary.ts';

const program = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path));

/** Why tests of Redis are skipped here; `false`: they are not. */
export const skipWithoutRedis = program === undefined && !isRequired('redis') ? 'needs redis-server' : false;

export interface TestRedis {
  readonly url: string;
  /** Suspends its process, as if the machine were frozen, and resumes it. */
  freeze(): void;
  thaw(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a Redis on a free port of this machine, with a password, that writes nothing to disk. */
export async function startRedis(): Promise<TestRedis> {
  if (program === undefined) throw new Error('redis-server is missing');
  const folder = temporaryFolder('redis');
  const port = await freePort();
  const password = 'p@ss/w:rd#';
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--requirepass', password];
  const child = spawn(program, [...settings, '--dir', folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const forget = cleanUpAtExit(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit').then(forget).then(folder.remove);
  let printed = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (text) => {
      printed += text;
      if (printed.includes('Ready to accept connections')) resolve();
    });
  });
  await inTime(ready);
  return {
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
