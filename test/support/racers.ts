import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import type { AnswerBody } from './sign-up-client.ts';

/** What a racer was answered. */
export interface RaceAnswer {
  readonly status: number;
  readonly body: AnswerBody;
}

/** A client with its own open connection, so that requests of many clients sent in one tick leave in one tick. */
export interface Racer {
  verify(code: string): Promise<RaceAnswer>;
  /** The last step. */
  phone(sessionId: string, phone: string): Promise<RaceAnswer>;
  abandon(sessionId: string): Promise<RaceAnswer>;
  send(method: string, path: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<RaceAnswer>;
}

export interface Racers extends Disposable {
  readonly all: readonly Racer[];
  /** Lets every racer begin in the same tick and waits for all of them. */
  race<T>(run: (racer: Racer, index: number) => Promise<T>): Promise<T[]>;
}

/** Opens the connections, spread over the servers in turn, and makes the servers open theirs to the database. */
export async function openRacers(urls: readonly string[], count: number): Promise<Racers> {
  const agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const all = agents.map((agent, index) => racer(agent, new URL(urls[index % urls.length] ?? '')));
  const race: Racers['race'] = (run) => Promise.all(all.map(run));
  // The first request of each opens its connection; together they fill the pools. The session does not exist.
  await race((one) => one.send('GET', '/auth/register/session', undefined, { authorization: 'Bearer nobody' }));
  return {
    all,
    race,
    [Symbol.dispose]() {
      for (const agent of agents) agent.destroy();
    },
  };
}

function racer(agent: Agent, base: URL): Racer {
  let requests = 0;
  const send: Racer['send'] = (method, path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const text = body && JSON.stringify(body);
      const type = text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const sent = request(new URL(path, base), { agent, method, headers: { ...type, ...headers } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body: readBody(Buffer.concat(chunks).toString()) }));
      });
      sent.once('error', reject);
      sent.end(text);
      sent.once('socket', () => {
        if (requests > 0 && !sent.reusedSocket) reject(new Error('the connection was not kept open: this would be no race'));
        requests += 1;
      });
    });
  return {
    send,
    verify: (invitation_code) => send('POST', '/auth/invitation/verify', { invitation_code }),
    phone: (session_id, phone) => send('PUT', '/auth/register/phone', { session_id, phone }),
    abandon: (sessionId) => send('DELETE', '/auth/register/session', undefined, { authorization: `Bearer ${sessionId}` }),
  };
}

function readBody(text: string): AnswerBody {
  return JSON.parse(text) as AnswerBody;
}

/** How often each outcome occurs: `200`, or the status and code of a refusal such as `410 invitation_used`. */
export function countOutcomes(answers: readonly RaceAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = body.code === undefined ? String(status) : `${status} ${body.code}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** @returns the ids of the users that were acknowledged, each once, in order. */
export function acknowledgedUsers(answers: readonly RaceAnswer[]): number[] {
  const ids = answers.filter((answer) => answer.status === 200).map((answer) => answer.body.userId);
  for (const id of ids) assert.equal(typeof id, 'number', 'a completed sign-up has no userId');
  return [...new Set(ids as number[])].sort((left, right) => left - right);
}
