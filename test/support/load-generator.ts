// The program of `startLoadProcess`: does what its one argument says until its stdin ends, then prints how everything ended.
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadPlan } from './load-process.ts';
import { measure, note, type Outcome, type Outcomes } from './measured-request.ts';
import { samplePerson } from './sign-up-client.ts';

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
const outcomes: Outcomes = {};
let isOver = false;
process.stdin.resume().once('end', () => {
  isOver = true;
});

async function savePasswords(url: string, session_id: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { name, password } = samplePerson();
  while (!isOver) {
    const outcome = await measure(agent, url, { method: 'PUT', path: '/auth/register/name', body: { session_id, name, password } });
    note(outcomes, outcome);
    // Not all at once: they are different people.
    const comesBack = performance.now() + outcome.retryAfterSeconds * 1000 * (1 + Math.random());
    while (outcome.retryAfterSeconds > 0 && performance.now() < comesBack && !isOver) await delay(50);
  }
  agent.destroy();
}

let codes = 0;

/** Stops at the first step that fails; see its outcome. */
async function signUp(url: string, agent: Agent, code: string): Promise<void> {
  const person = samplePerson();
  const ask = async (method: string, path: string, body: object): Promise<Outcome> => {
    const outcome = await measure(agent, url, { method, path, body });
    const step = path.slice(path.lastIndexOf('/') + 1);
    note(outcomes, { ...outcome, what: `${step} ${outcome.what}` });
    return outcome;
  };
  const verified = await ask('POST', '/auth/invitation/verify', { invitation_code: code });
  const session_id = verified.body?.sessionId;
  if (verified.what !== '200') return;
  const { name, password, birthday, phone } = person;
  const steps = { name: { name, password }, birthday: { birthday }, phone: { phone } };
  for (const [step, body] of Object.entries(steps)) {
    if ((await ask('PUT', `/auth/register/${step}`, { session_id, ...body })).what !== '200') return;
  }
}

async function keepSigningUp(url: string, prefix: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!isOver) {
    codes += 1;
    await signUp(url, agent, `${prefix}-${codes}`);
  }
  agent.destroy();
}

const slowHead = 'POST /auth/invitation/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';

const document = 'GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
/** Connections that the load opens from one address: below what the server allows. */
const perAddress = 200;

/**
 * @param first sent at once.
 * @param trickle sent again every second.
 */
async function keepConnected(port: number, localAddress: string, first: string, trickle: string, isReading = true): Promise<void> {
  while (!isOver) {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const closed = new Promise<string>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
      socket.once('close', () => resolve('closed'));
    });
    const begun = performance.now();
    if (isReading) socket.resume();
    else socket.pause();
    socket.write(first);
    const trickling = trickle === '' ? undefined : setInterval(() => socket.write(trickle), 1_000);
    const looking = setInterval(() => isOver && socket.destroy(), 100);
    note(outcomes, { what: await closed, milliseconds: performance.now() - begun, body: undefined, retryAfterSeconds: 0 });
    clearInterval(trickling);
    clearInterval(looking);
  }
}

function begin(): Promise<void>[] {
  if (plan.kind === 'passwords') return plan.sessions.map((session) => savePasswords(plan.url, session));
  if (plan.kind === 'sign-ups') return Array.from({ length: plan.people }, () => keepSigningUp(plan.url, plan.codes));
  const { port, headers = 0, bodies = 0, idle = 0, readers = 0, pipelines = 0 } = plan;
  let opened = 0;
  const many = (count: number, first: string, trickle: string, isReading = true) =>
    Array.from({ length: count }, () => {
      opened += 1;
      // Every address is a network, and the measured clients are at another one.
      return keepConnected(port, `127.0.1.${1 + Math.floor(opened / perAddress)}`, first, trickle, isReading);
    });
  return [
    ...many(headers, `${slowHead}X-Slow: a`, 'a'),
    ...many(bodies, `${slowHead}Content-Length: 1000\r\n\r\n{`, ' '),
    ...many(idle, '', ''),
    ...many(readers, document.repeat(8), '', false),
    ...many(pipelines, document.repeat(1_000), '', false),
  ];
}

const all = Promise.all(begin());
process.stdout.write('begun\n');
await all;
process.stdout.write(JSON.stringify(outcomes));
