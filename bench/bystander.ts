import { setTimeout as delay } from 'node:timers/promises';
import { signUpClient } from '../test/support/sign-up-client.ts';
import type { MeasuredServer } from './measured-server.ts';

/** Milliseconds between two people who want to sign up. */
const between = 100;

export interface Witnessed {
  /** MiB. */
  readonly memory: { readonly start: number; readonly peak: number; readonly end: number };
  /** Milliseconds from verifying a code to the answer. */
  readonly verify: { readonly median: number; readonly p99: number; readonly longest: number };
  readonly seconds: number;
}

/** Does some work, and meanwhile looks at the memory of the server and lets clients verify a code, also while earlier ones wait. */
export async function witness<T>(server: MeasuredServer, work: () => Promise<T>): Promise<Witnessed & { readonly result: T }> {
  const client = signUpClient(server.url);
  const milliseconds: number[] = [];
  const people: Promise<void>[] = [];
  const start = server.memory();
  let peak = start;
  let isOver = false;

  async function person(): Promise<void> {
    const begun = performance.now();
    // A request that reaches the timeout has waited at least that long.
    const status = await client.verify(server.code).then(
      (answer) => answer.status,
      () => undefined,
    );
    milliseconds.push(performance.now() - begun);
    if (status !== 200 && status !== undefined) throw new Error(`verifying was answered with ${status}`);
  }
  async function watch(): Promise<void> {
    for (; !isOver; await delay(between)) {
      peak = Math.max(peak, server.memory());
      people.push(person());
    }
  }

  const watching = watch();
  const begun = performance.now();
  const result = await work();
  const seconds = (performance.now() - begun) / 1000;
  isOver = true;
  await watching;
  await Promise.all(people);
  await delay(1_000);
  milliseconds.sort((left, right) => left - right);
  const at = (part: number) => Math.round(milliseconds[Math.min(milliseconds.length - 1, Math.floor(part * milliseconds.length))] ?? 0);
  return { result, seconds, memory: { start, peak, end: server.memory() }, verify: { median: at(0.5), p99: at(0.99), longest: at(1) } };
}
