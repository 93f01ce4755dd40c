import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { isLongForm } from './fault-record.ts';
import type { Answer, SignUpClient } from './sign-up-client.ts';
import { type Attempt, advance, isUnanswered } from './sign-up-journal.ts';

/** People who sign up during an outage and retry when told to; every response is timed. */

/** How one request ended. */
export interface TimedAnswer {
  /** 0: the connection was cut or refused. */
  readonly status: number;
  /** Of the refusal. */
  readonly code: string | undefined;
  readonly retryAfter: string | null;
  readonly request: 'verify' | 'name' | 'birthday' | 'phone' | 'other';
  /** As `performance.now()` gives them. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface OutageLoad extends AsyncDisposable {
  readonly answers: readonly TimedAnswer[];
  /**
   * Resolves when so many more requests were answered with anything but 503, or all clients have finished.
   * @throws Error if that takes a minute.
   */
  served(count: number): Promise<void>;
  /** Starts nothing new; resolves when all requests in flight are answered. */
  stop(): Promise<void>;
}

/** Milliseconds in which a request is answered whatever the database does; in a short run the machine may be busy with other tests. */
const longestAnswer = isLongForm ? 3_000 : 8_000;
/** Milliseconds before a refused client comes back. */
const comeBackAfter = 100;

/** @param clients one per server; a retry may go to another. */
export function startOutageLoad(clients: readonly SignUpClient[], attempts: readonly Attempt[], people = 8): OutageLoad {
  const answers: TimedAnswer[] = [];
  const watched = clients.map((client) => timed(client, answers));
  const waiting = [...attempts];
  let isStopped = false;
  let isOver = false;
  async function person(): Promise<void> {
    for (let attempt = waiting.shift(); attempt && !isStopped; attempt = waiting.shift()) {
      while (!isStopped && !(await isThrough(watched[Math.floor(Math.random() * watched.length)] as SignUpClient, attempt)))
        await delay(comeBackAfter);
      await delay(20);
    }
  }
  const over = Promise.all(Array.from({ length: people }, person)).then(() => {
    isOver = true;
  });
  const servedSoFar = () => answers.filter(({ status }) => status !== 503 && status !== 0).length;
  async function stop(): Promise<void> {
    isStopped = true;
    await over;
  }

  return {
    answers,
    async served(count) {
      const wanted = servedSoFar() + count;
      const until = performance.now() + 60_000;
      while (!isOver && servedSoFar() < wanted) {
        if (performance.now() > until) throw new Error('nothing is served any more');
        await delay(5);
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function isThrough(client: SignUpClient, attempt: Attempt): Promise<boolean> {
  try {
    await advance(client, attempt);
    return true;
  } catch (error) {
    if (isUnanswered(error)) return false;
    throw error;
  }
}

/** @returns the same client, whose answers are noted. */
export function timed(client: SignUpClient, answers: TimedAnswer[]): SignUpClient {
  async function note(request: TimedAnswer['request'], asked: Promise<Answer>): Promise<Answer> {
    const askedAt = performance.now();
    try {
      const answer = await asked;
      const { status, headers, body } = answer;
      answers.push({ request, status, code: body.code, retryAfter: headers.get('retry-after'), askedAt, answeredAt: performance.now() });
      return answer;
    } catch (error) {
      answers.push({ request, status: 0, code: undefined, retryAfter: null, askedAt, answeredAt: performance.now() });
      throw error;
    }
  }
  return {
    ...client,
    verify: (code) => note('verify', client.verify(code)),
    name: (session, name, password) => note('name', client.name(session, name, password)),
    birthday: (session, birthday) => note('birthday', client.birthday(session, birthday)),
    phone: (session, phone) => note('phone', client.phone(session, phone)),
    send: (method, path, body, headers) => note('other', client.send(method, path, body, headers)),
  };
}

/**
 * Asserts that every request was answered in time, and that refusals during the outage have Retry-After.
 * @returns milliseconds of the slowest.
 */
export function assertAnsweredInTime(answers: readonly TimedAnswer[]): number {
  assert.equal(answers.filter(({ status }) => status === 0).length, 0, 'requests without any answer');
  let slowest = 0;
  for (const { askedAt, answeredAt, request, status } of answers) {
    const milliseconds = answeredAt - askedAt;
    assert.ok(milliseconds <= longestAnswer, `the answer ${status} to ${request} took ${Math.round(milliseconds)} ms`);
    slowest = Math.max(slowest, milliseconds);
  }
  for (const { code, retryAfter } of refusedOf(answers)) {
    assert.equal(code, 'database_unavailable');
    assert.match(retryAfter ?? '', /^[1-9]\d*$/);
  }
  return slowest;
}

/** What several outages had in common. */
export interface OutageTally {
  /**
   * Asserts that every request was answered in time, and served again in time.
   * @param ended when the outage was over, as `performance.now()` gives it.
   */
  add(answers: readonly TimedAnswer[], ended: number): void;
  /**
   * For the table of docs/evidence/reliability.md.
   * @param end what ended the outage.
   */
  summary(end: string): string;
}

/** @param longestRecovery milliseconds after the end of an outage in which 503 is still allowed. */
export function tallyOutages(longestRecovery: number): OutageTally {
  let [requests, refused, slowest, recovery] = [0, 0, 0, 0];
  return {
    add(answers, ended) {
      const recovered = recoveryAfter(ended, answers);
      assert.ok(recovered <= longestRecovery, `the last 503 came ${inSeconds(recovered)} after the end of the outage`);
      slowest = Math.max(slowest, assertAnsweredInTime(answers));
      recovery = Math.max(recovery, recovered);
      requests += answers.length;
      refused += refusedOf(answers).length;
    },
    summary: (end) =>
      `${requests} requests, ${refused} answered 503, the slowest in ${inSeconds(slowest)}; the last 503 ${inSeconds(recovery)} after ${end}`,
  };
}

/** @returns the requests that were told to retry. */
export function refusedOf(answers: readonly TimedAnswer[]): TimedAnswer[] {
  return answers.filter(({ status }) => status === 503);
}

/** @returns milliseconds from a moment to the last request that was told to retry, 0 if there was none. */
export function recoveryAfter(moment: number, answers: readonly TimedAnswer[]): number {
  return Math.max(0, ...refusedOf(answers).map(({ answeredAt }) => answeredAt - moment));
}

/** @returns such as `2.81 s`. */
export function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
