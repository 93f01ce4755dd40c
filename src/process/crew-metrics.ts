import type { Worker } from 'node:cluster';
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import { asWorkerMessage, type MetricsPicture, type WorkerMessage } from './messages.ts';

/** The metrics of several workers as one process would have them. */
export interface CrewMetrics {
  /** Begins to listen to a worker. */
  follow(worker: Worker): void;
  /** Keeps what a worker that has ended had counted: a sum that falls would look like a restart of everything. */
  keep(worker: Worker): void;
  restarted(): void;
  /** Asks every worker and adds up; one that does not answer in time counts with what it said last. */
  read(): Promise<string>;
}

/** Milliseconds that a worker has to answer; a scraper waits ten seconds as a rule. */
const answerLimit = 1_000;

/** @param readyWorkers how many workers answer requests at this moment. */
export function openCrewMetrics(readyWorkers: () => number): CrewMetrics {
  const own = new Registry();
  const registers = [own];
  const restarts = new Counter({ name: 'chodae_worker_restarts_total', help: 'Workers that died and were replaced.', registers });
  new Gauge({
    name: 'chodae_workers',
    help: 'Workers that answer requests.',
    registers,
    collect() {
      this.set(readyWorkers());
    },
  });

  const latest = new Map<Worker, MetricsPicture>();
  const waiting = new Set<(worker: Worker) => void>();
  let departed = Promise.resolve<MetricsPicture>([]);

  async function read(): Promise<string> {
    await ask([...latest.keys()], waiting);
    const pictures = [...latest.values(), await departed, (await own.getMetricsAsJSON()) as unknown as MetricsPicture];
    return aggregate(pictures).metrics();
  }

  async function tell(worker: Worker, id: number): Promise<void> {
    const text = await read();
    if (worker.isConnected()) worker.send({ chodae: 'metrics', id, text } satisfies WorkerMessage, ignoreLoss);
  }

  return {
    follow(worker) {
      latest.set(worker, []);
      worker.on('message', (raw: unknown) => {
        const message = asWorkerMessage(raw);
        if (message?.chodae === 'metrics-wanted') void tell(worker, message.id);
        if (message?.chodae !== 'counted' || !latest.has(worker)) return;
        latest.set(worker, message.metrics);
        for (const hear of waiting) hear(worker);
      });
    },
    keep(worker) {
      const lasting = (latest.get(worker) ?? []).filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
      latest.delete(worker);
      departed = departed.then((earlier) => sum([earlier, lasting]));
      for (const hear of waiting) hear(worker);
    },
    restarted: () => restarts.inc(),
    read,
  };
}

/** Resolves when every worker has answered or ended, or when time is up. */
function ask(workers: readonly Worker[], waiting: Set<(worker: Worker) => void>): Promise<void> {
  return new Promise((resolve) => {
    const missing = new Set(workers);
    const hear = (worker: Worker) => {
      missing.delete(worker);
      if (missing.size === 0) end();
    };
    const late = setTimeout(end, answerLimit);
    function end() {
      clearTimeout(late);
      waiting.delete(hear);
      resolve();
    }
    waiting.add(hear);
    for (const worker of workers) {
      if (worker.isConnected()) worker.send({ chodae: 'count' } satisfies WorkerMessage, ignoreLoss);
      else hear(worker);
    }
    if (missing.size === 0) end();
  });
}

/** A worker that is just ending; its end is heard of elsewhere. Without this it would be an error of the worker. */
function ignoreLoss(): void {}

async function sum(pictures: readonly MetricsPicture[]): Promise<MetricsPicture> {
  return (await aggregate(pictures).getMetricsAsJSON()) as unknown as MetricsPicture;
}

function aggregate(pictures: readonly MetricsPicture[]): Registry {
  return AggregatorRegistry.aggregate([...pictures] as never);
}
