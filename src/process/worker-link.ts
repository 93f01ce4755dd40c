import cluster from 'node:cluster';
import type { Registry } from 'prom-client';
import { asWorkerMessage, type WorkerMessage } from './messages.ts';

/** A worker's line to its primary process. */
export interface WorkerLink {
  /** Says that requests are answered. @param lines for people, printed by the primary once. */
  ready(lines: readonly string[]): void;
  /** Gives the metrics of all workers together. @throws Error where the primary does not answer in time. */
  readMetrics(): Promise<string>;
  /** Tells what was counted, the last thing that a worker does. */
  farewell(): Promise<void>;
}

/** Milliseconds. */
const answerLimit = 3_000;

/** @returns undefined where this process is nobody's worker. @param registry what this worker counts. */
export function linkToPrimary(registry: Registry): WorkerLink | undefined {
  if (!cluster.isWorker) return undefined;
  const waiting = new Map<number, (text: string) => void>();
  let lastId = 0;
  process.on('message', (raw) => {
    const message = asWorkerMessage(raw);
    if (message?.chodae === 'count') void tellCounts(registry);
    else if (message?.chodae === 'metrics') waiting.get(message.id)?.(message.text);
  });
  return {
    ready: (lines) => void say({ chodae: 'ready', lines }),
    readMetrics() {
      const id = ++lastId;
      return new Promise<string>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('the primary process does not answer')), answerLimit);
        waiting.set(id, resolve);
        void say({ chodae: 'metrics-wanted', id });
        late.unref();
      }).finally(() => waiting.delete(id));
    },
    farewell: () => tellCounts(registry),
  };
}

async function tellCounts(registry: Registry): Promise<void> {
  await say({ chodae: 'counted', metrics: (await registry.getMetricsAsJSON()) as never });
}

/** A primary that is gone hears nothing; then this process is about to end as well. */
function say(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
