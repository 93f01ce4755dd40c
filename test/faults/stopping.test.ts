import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { embeddedFolder } from '../support/embedded-folder.ts';
import { inTime } from '../support/in-time.ts';
import { ownDatabase } from '../support/own-database.ts';
import { openSocket, parseAnswer, readToEnd } from '../support/raw-http.ts';
import { insertInvitation, insertReadySessions } from '../support/ready-sessions.ts';
import { runChodae } from '../support/run-chodae.ts';
import { startServerPair } from '../support/server-pair.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { samplePhone, signUpClient } from '../support/sign-up-client.ts';
import { countWaiting, sessionLine } from '../support/starting-line.ts';

/** Of the advisory lock under which the schema is migrated; it must not change from one version to the next. */
const migrationLock = 4_015_161_718;
/** Seconds after which something that should have come will not. */
const patienceSeconds = 20;

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} lets the request under way finish, closes the folder and exits 0`, async () => {
    await using folder = await embeddedFolder();
    const [session = ''] = await folder.whileClosed(async (query) => insertReadySessions(query, await insertInvitation(query, 'LAST'), 1));
    const server = await startServer({ environment: folder.environment });
    const request = await beginLastStep(server, session);
    server.process.kill(signal);
    await until(() => server.output().includes(`${signal}: finishing`));
    assert.equal(await isReady(server), false);
    // A second signal changes nothing.
    server.process.kill('SIGTERM');
    server.process.kill('SIGINT');

    const answer = await request.finish();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.connection, 'close');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.deepEqual(server.unexpectedLines(), []);
    assert.ok(!readdirSync(folder.directory).some((name) => name.startsWith('chodae.lock')));

    await using next = await startServer({ environment: folder.environment });
    const again = await signUpClient(next.url).phone(session, request.phone);
    assert.deepEqual(again.body, JSON.parse(answer.body));
  });
}

test('a statement that the database is still working on is waited for', async () => {
  await using pair = await startServerPair();
  const [session = ''] = await insertReadySessions(pair.query, await insertInvitation(pair.query, 'LAST'), 1);
  const [server] = pair.servers;
  await pair.query('BEGIN');
  const line = sessionLine(session);
  await pair.query(line.sql, line.values);
  const answer = signUpClient(server.url).phone(session, samplePhone());
  await until(async () => (await countWaiting(pair.query)) === 1);

  server.process.kill('SIGTERM');
  await until(() => server.output().includes('SIGTERM: finishing'));
  assert.equal(await isReady(server), false);
  await pair.query('COMMIT');
  assert.equal((await answer).status, 200);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
});

test('STOP_DELAY: readiness is gone at once, requests are still served, each on a connection that closes; SIGINT does not wait', async () => {
  await using folder = await embeddedFolder();
  const server = await startServer({ environment: { ...folder.environment, STOP_DELAY: '5m' } });
  // A moment ago it was ready, and that answer is kept for a second.
  assert.equal(await isReady(server), true);
  server.process.kill('SIGTERM');
  await until(() => server.output().includes('SIGTERM: finishing'));
  assert.equal(await isReady(server), false);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
  const answer = await signUpClient(server.url).send('GET', '/openapi.json');
  assert.deepEqual([answer.status, answer.headers.get('connection')], [200, 'close']);
  await server.kill();

  await using impatient = await startServer({ environment: { ...folder.environment, STOP_DELAY: '5m' } });
  assert.deepEqual(await impatient.stop('SIGINT'), { code: 0, signal: null });
});

test('a client that never finishes its request does not keep the process from ending well', async () => {
  await using folder = await embeddedFolder();
  const server = await startServer({ environment: folder.environment, allow: [/connections that are still busy are cut/] });
  const request = await beginLastStep(server, 'f'.repeat(32));
  server.process.kill('SIGTERM');
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  await request.given.catch(() => undefined);
});

test("a start that waits for another process's migration is given up when it is asked to end, with one process and with several", async () => {
  await using own = await ownDatabase();
  await own.query('BEGIN');
  await own.query(`SELECT pg_advisory_xact_lock(${migrationLock})`);
  const starting: ChildProcess[] = [];
  const start = (workers: string) =>
    runChodae(['serve', '--port', '0', '--workers', workers], { environment: own.environment, onBegin: (child) => starting.push(child) });
  const ended = [start('1'), start('2')];
  await until(async () => (await own.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).length === 2);
  for (const child of starting) child.kill('SIGTERM');
  for (const { code, stdout } of await inTime(Promise.all(ended))) {
    assert.equal(code, 0);
    assert.match(stdout, /the start is given up/);
  }
});

/** A request that has reached the program: it was told to go on, and its body is still to come. */
async function beginLastStep(server: ServerProcess, session: string) {
  const phone = samplePhone();
  const body = JSON.stringify({ session_id: session, phone });
  const socket = await openSocket(Number(new URL(server.url).port));
  const head = ['PUT /auth/register/phone HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json'];
  const received = readToEnd(socket);
  socket.write(`${[...head, `Content-Length: ${Buffer.byteLength(body)}`, 'Expect: 100-continue'].join('\r\n')}\r\n\r\n`);
  assert.match(await firstBytes(socket), /^HTTP\/1\.1 100 /);
  return {
    phone,
    /** What came in answer, when the connection is closed. */
    given: received,
    async finish() {
      socket.write(body);
      const text = await received;
      // The first answer was the leave to go on.
      return parseAnswer(text.slice(text.indexOf('\r\n\r\n') + 4));
    },
  };
}

function firstBytes(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('close', () => reject(new Error('the connection was closed before anything came')));
  });
}

/** As a balancer sees it, over a new connection. */
async function isReady(server: ServerProcess): Promise<boolean> {
  return fetch(`${server.url}/readyz`, { headers: { connection: 'close' } }).then(
    (answer) => answer.ok,
    () => false,
  );
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceSeconds * 1000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'what was waited for did not come');
    await delay(10);
  }
}
