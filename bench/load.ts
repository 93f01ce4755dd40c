// The program of `runLoad`: sends what its one argument says, and prints a LoadResult. Own sockets in place of a client library, because it shares
// the cores with what it measures.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { codePrefix, type LoadPlan, type LoadResult } from './load-plan.ts';

const plan = JSON.parse(process.argv[2] ?? '') as LoadPlan;
const { hostname, port } = new URL(plan.url);

interface Response {
  readonly status: number;
  readonly body: string;
}

type Send = (method: string, path: string, body: object) => Promise<Response>;

/** One connection that is kept; one request at a time. */
async function openConnection(): Promise<{ send: Send; close(): void }> {
  const socket = connect(Number(port), hostname).setNoDelay();
  await once(socket, 'connect');
  let received = '';
  let answer: { resolve(response: Response): void; reject(error: Error): void } | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    const response = wholeResponse(received);
    if (!response) return;
    received = '';
    answer?.resolve(response);
  });
  socket.on('error', (error) => answer?.reject(error));
  socket.on('close', () => answer?.reject(new Error('the server closed the connection')));
  return {
    send: (method, path, body) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) throw new Error('the server closed the connection');
        answer = { resolve, reject };
        const content = JSON.stringify(body);
        socket.write(
          `${method} ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n${fromAddress()}Content-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`,
        );
      }),
    close: () => socket.destroy(),
  };
}

/** @returns undefined until all of the response is there. */
function wholeResponse(text: string): Response | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isWhole = length === undefined ? body.endsWith('0\r\n\r\n') : body.length >= Number(length);
  return isWhole ? { status: Number(head.slice(9, 12)), body } : undefined;
}

function fromAddress(): string {
  if (!plan.hasManyAddresses) return '';
  const number = Math.floor(Math.random() * 2 ** 24);
  return `X-Forwarded-For: 10.${number >> 16}.${(number >> 8) & 255}.${number & 255}\r\n`;
}

let used = 0;
const next = () => ++used;
const random = () => 1 + Math.floor(Math.random() * plan.count);
const sessionOf = (number: number) => createHash('md5').update(String(number)).digest('hex');
const phoneOf = (number: number) => `010-${1000 + (Math.floor(number / 10_000) % 9000)}-${String(number % 10_000).padStart(4, '0')}`;
const password = 'wet-lantern-orbit-41';

const verify = (send: Send, number: number) => send('POST', '/auth/invitation/verify', { invitation_code: `${codePrefix}${number}` });
const step = (send: Send, name: string, session_id: string, values: object) =>
  send('PUT', `/auth/register/${name}`, { session_id, ...values });

const steps: Record<string, number[]> = {};

/** After a 503 a person sends the same request again 0.25 s later. */
async function signUp(send: Send): Promise<Response> {
  const number = next();
  const timed = async (name: string, ask: () => Promise<Response>) => {
    const begun = performance.now();
    let response = await ask();
    while (response.status === 503) {
      await delay(250);
      response = await ask();
    }
    steps[name] ??= [];
    steps[name].push(performance.now() - begun);
    return response;
  };
  const verified = await timed('verify', () => verify(send, number));
  if (verified.status !== 200) return verified;
  const { sessionId } = JSON.parse(verified.body);
  for (const [name, values] of [
    ['name', { name: `손님 ${number}`, password }],
    ['birthday', { birthday: '1990-01-01' }],
  ] as const) {
    const stored = await timed(name, () => step(send, name, sessionId, values));
    if (stored.status !== 200) return stored;
  }
  return timed('phone', () => step(send, 'phone', sessionId, { phone: phoneOf(number) }));
}

const kinds: Record<LoadPlan['kind'], (send: Send) => Promise<Response>> = {
  verify: (send) => verify(send, random()),
  birthday: (send) => step(send, 'birthday', sessionOf(random()), { birthday: '1990-01-01' }),
  name: (send) => step(send, 'name', sessionOf(random()), { name: '손님', password }),
  phone(send) {
    const number = next();
    return step(send, 'phone', sessionOf(number), { phone: phoneOf(number) });
  },
  'sign-up': signUp,
  'better-auth'(send) {
    const number = `${next()}-${Math.random().toString(36).slice(2)}`;
    return send('POST', '/api/auth/sign-up/email', { name: 'guest', email: `guest-${number}@example.com`, password });
  },
};
const request = kinds[plan.kind];
const usesEachOnce = plan.kind === 'phone' || plan.kind === 'sign-up';

const times: number[] = [];
const others: Record<string, number> = {};

async function sendOne(send: Send, dueAt: number): Promise<void> {
  const { status, body } = await request(send);
  if (status === 200) times.push(performance.now() - dueAt);
  else {
    if (others[status] === undefined && status !== 503) console.error(`${plan.kind} was answered with ${status}: ${body.slice(0, 300)}`);
    others[status] = (others[status] ?? 0) + 1;
    if (status === 503) await delay(250);
  }
}

const connections = await Promise.all(Array.from({ length: plan.connections }, openConnection));
const begun = performance.now();
const end = begun + plan.seconds * 1000;
const isOver = () => performance.now() >= end || (usesEachOnce && used >= plan.count);

async function asFastAsAnswered(send: Send): Promise<void> {
  while (!isOver()) await sendOne(send, performance.now());
}

/** The connection that was free the longest takes a request that is due, so that none is idle until the server closes it. */
async function constantly(perSecond: number): Promise<void> {
  const free = connections.map(({ send }) => send);
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  for (;;) {
    const now = performance.now();
    if (now >= end) break;
    const dueAt = begun + (sent * 1000) / perSecond;
    const send = dueAt <= now ? free.shift() : undefined;
    if (!send) {
      await delay(1);
      continue;
    }
    sent += 1;
    const one = sendOne(send, dueAt).finally(() => {
      underWay.delete(one);
      free.push(send);
    });
    underWay.add(one);
  }
  await Promise.all(underWay);
}

await (plan.perSecond === undefined ? Promise.all(connections.map(({ send }) => asFastAsAnswered(send))) : constantly(plan.perSecond));
const seconds = (performance.now() - begun) / 1000;
for (const { close } of connections) close();

function percentile(of: readonly number[], share: number): number {
  const sorted = of.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
const result: LoadResult = {
  answered: times.length,
  others,
  seconds,
  p50: percentile(times, 0.5),
  p99: percentile(times, 0.99),
  steps: Object.fromEntries(Object.entries(steps).map(([name, all]) => [name, percentile(all, 0.5)])),
};
process.stdout.write(JSON.stringify(result));
