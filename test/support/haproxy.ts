import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRequired } from './requirements.ts';
import { cleanUpAtExit, freePort, temporaryFolder } from './temporary.ts';

const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/opt/homebrew/bin'];
const program = folders.map((folder) => path.join(folder, 'haproxy')).find((file) => existsSync(file));

/** Why tests of a balancer are skipped here; `false`: they are not. */
export const skipWithoutHaproxy = program === undefined && !isRequired('haproxy') ? 'needs haproxy' : false;

export interface Haproxy {
  readonly url: string;
  /** How many of its servers it takes to be ready. */
  readyServers(): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Milliseconds between two checks of `/readyz`. */
const probeInterval = 200;

/**
 * Starts a balancer on 127.0.0.1 that checks each server's `/readyz` five times a second and trusts each result. It does not retry requests, so
 * that whatever a server drops reaches the client as a failure.
 * @param ports of the servers behind it.
 */
export async function startHaproxy(ports: readonly number[]): Promise<Haproxy> {
  if (program === undefined) throw new Error('haproxy is missing');
  const folder = temporaryFolder('haproxy');
  const [port, statistics] = [await freePort(), await freePort()];
  const file = path.join(folder.path, 'haproxy.cfg');
  writeFileSync(file, configuration(port, statistics, ports));
  const child = spawn(program, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const forget = cleanUpAtExit(() => child.kill('SIGKILL'));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  void ended.then(forget).then(folder.remove);
  const complaints = collect(child);

  async function readyServers(): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${statistics}/;csv`, { headers: { connection: 'close' } });
    return (await answer.text()).split('\n').filter((line) => /^servers,s\d+,/.test(line) && line.split(',')[17] === 'UP').length;
  }

  for (let tries = 0; !(await readyServers().catch(() => 0)); tries += 1) {
    assert.ok(child.exitCode === null && tries < 200, `haproxy does not answer: ${complaints()}`);
    await delay(50);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    readyServers,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return () => text;
}

function configuration(port: number, statistics: number, servers: readonly number[]): string {
  return `global
  maxconn 4000
defaults
  mode http
  retries 0
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 2s
frontend clients
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200
  default-server check inter ${probeInterval} fall 1 rise 1
${servers.map((server, index) => `  server s${index} 127.0.0.1:${server}`).join('\n')}
frontend statistics
  bind 127.0.0.1:${statistics}
  stats enable
  stats uri /
`;
}
