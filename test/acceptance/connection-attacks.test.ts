import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ServerProcess, startServer } from '../support/server-process.ts';

/** Collects garbage at SIGUSR2, so that only live memory is measured. Loaded before the program. */
const collector = `data:text/javascript,${encodeURIComponent(`
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    process.on('SIGUSR2', () => collect());
  }`)}`;

/** Mebibytes: during an attack, and after it. */
const [mostMeanwhile, mostAfterwards] = [150, 50];
/** Timeout in milliseconds, reached only by a hang. */
const patience = 60_000;
const attackers = 6;

let server: ServerProcess;
let port = 0;
let key = '';
let routes: string[] = [];
before(async () => {
  server = await startServer({ environment: { BCRYPT_COST: '10', LOG_LEVEL: 'warn', NODE_OPTIONS: `--import ${collector}` } });
  port = Number(new URL(server.url).port);
  key = /chodae_key_\w+/.exec(server.output())?.[0] ?? assert.fail(server.output());
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as { paths: Record<string, Record<string, object>> };
  const documented = Object.keys(paths).filter((path) => 'get' in (paths[path] ?? {}));
  const addresses = documented.map((path) => path.replace('{code}', 'not_found').replace(/\{\w+\}/g, '1'));
  const pages = ['/', '/openapi.json', '/docs', '/docs/', '/redoc', '/redoc/redoc.standalone.js', '/metrics', '/nowhere'];
  const files = ['index.css', 'swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-initializer.js'].map((name) => `/docs/static/${name}`);
  routes = [...addresses, ...pages, ...files];
});
after(() => server[Symbol.asyncDispose]());

/** @returns what the process has in use by the operating system's count, in mebibytes. */
function residentMemory(): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(server.process.pid)], { encoding: 'utf8' })) / 1024;
}

/** @returns the open files and connections of the process, without those of the embedded database, which vary. Empty without /proc. */
function openDescriptors(): string[] {
  const folder = `/proc/${server.process.pid}/fd`;
  try {
    const targets = readdirSync(folder).map((name) => {
      try {
        return readlinkSync(`${folder}/${name}`);
      } catch {
        return '';
      }
    });
    return targets.filter((target) => target !== '' && !target.includes('/data'));
  } catch {
    return [];
  }
}

interface Attack {
  readonly what: string;
  readonly requests: number;
  /** FIN follows the requests. */
  readonly ends?: true;
}

const attacks: readonly Attack[] = [
  { what: 'as many requests as fit into a packet or two', requests: 2_000 },
  { what: 'as many requests as may be in flight', requests: 8 },
  { what: 'requests that FIN follows', requests: 8, ends: true },
];

/** Opens a connection that sends requests and reads nothing. */
function openAttacker(path: string, { requests, ends }: Attack): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause();
  socket.on('error', () => undefined);
  const text = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`.repeat(requests);
  if (ends) socket.end(text);
  else socket.write(text);
  return socket;
}

/**
 * Attacks one route after another.
 * @returns the peak of live memory.
 */
async function attackRoutes(attack: Attack): Promise<number> {
  let most = 0;
  for (const path of routes) {
    const sockets = Array.from({ length: attackers }, () => openAttacker(path, attack));
    await delay(50);
    // Two other clients: one connected before, and one that connects now.
    for (const headers of [{}, { connection: 'close' }]) {
      const answer = await fetch(`${server.url}/readyz`, { headers });
      assert.deepEqual([answer.status, await answer.text()], [200, '{"status":"ready"}'], path);
    }
    server.process.kill('SIGUSR2');
    await delay(50);
    most = Math.max(most, residentMemory());
    for (const socket of sockets) socket.resetAndDestroy();
  }
  return most;
}

/** @returns the memory in use after a few garbage collections. */
async function settledMemory(): Promise<number> {
  for (let time = 0; time < 5; time += 1) {
    server.process.kill('SIGUSR2');
    await delay(300);
  }
  return residentMemory();
}

async function memoryAfterwards(enough: number): Promise<number> {
  let seen = Number.POSITIVE_INFINITY;
  for (const end = Date.now() + patience; seen > enough && Date.now() < end; ) {
    server.process.kill('SIGUSR2');
    await delay(300);
    seen = Math.min(seen, residentMemory());
  }
  return seen;
}

test('unread responses do not grow memory or leak descriptors, and other clients are served', async (context) => {
  assert.ok(routes.length >= 25, `${routes}`);
  // Things that are made once and kept: documents, plans, compiled code.
  await attackRoutes({ what: 'warming up', requests: 8 });
  const begin = await settledMemory();
  const descriptors = openDescriptors().length;
  for (const attack of attacks) {
    const most = await attackRoutes(attack);
    const left = await memoryAfterwards(begin + mostAfterwards);
    context.diagnostic(
      `${attack.what}: ${begin.toFixed()} MiB before, ${(most - begin).toFixed()} more meanwhile, ${(left - begin).toFixed()} afterwards`,
    );
    assert.ok(most - begin <= mostMeanwhile, `${attack.what}: ${most - begin} MiB more meanwhile`);
    assert.ok(left - begin <= mostAfterwards, `${attack.what}: ${left - begin} MiB more afterwards`);
    for (const end = Date.now() + patience; openDescriptors().length > descriptors; await delay(100)) {
      assert.ok(Date.now() < end, `${attack.what}: ${descriptors} descriptors before, now ${openDescriptors().sort()}`);
    }
  }
});

test('many connections closed in the middle of eight responses leave nothing behind', async (context) => {
  const descriptors = openDescriptors().length;
  const begin = await settledMemory();
  for (let round = 0; round < 20; round += 1) {
    const sockets = routes.map((path) => openAttacker(path, { what: '', requests: 5 }));
    await delay(30);
    for (const [at, socket] of sockets.entries()) at % 2 ? socket.destroy() : socket.resetAndDestroy();
  }
  for (const end = Date.now() + patience; openDescriptors().length > descriptors; await delay(100)) {
    assert.ok(Date.now() < end, `${descriptors} descriptors before, now ${openDescriptors().sort()}`);
  }
  const left = await memoryAfterwards(begin + mostAfterwards);
  context.diagnostic(`${begin.toFixed()} MiB before, ${(left - begin).toFixed()} more afterwards`);
  assert.ok(left - begin <= mostAfterwards, `${left - begin} MiB`);
});

test('an address may have at most 256 open connections, and other addresses are served', {
  skip: process.platform !== 'linux',
}, async () => {
  const sockets: Socket[] = [];
  for (let number = 0; number < 400; number += 1) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' }).resume();
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    sockets.push(socket);
  }
  const closed = () => sockets.filter((socket) => socket.closed || socket.readableEnded).length;
  for (const end = Date.now() + patience; closed() < 400 - 256; await delay(20)) assert.ok(Date.now() < end, `${closed()} were closed`);
  assert.equal(closed(), 400 - 256);
  assert.equal((await fetch(`${server.url}/healthz`, { headers: { connection: 'close' } })).status, 200);
  for (const socket of sockets) socket.destroy();
  assert.match(server.output(), /"count":\d+,"msg":"connections closed: too many from one network/);
});
