import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import type { Config } from '../config/config.ts';
import { describeError } from '../http/describe-error.ts';
import { onHangup } from '../main.ts';
import { openMetricsServer } from '../metrics/metrics-server.ts';
import { openProcessLog } from './process-log.ts';
import { limitStart, openMigrated } from './start.ts';

/** Milliseconds before a dead worker is restarted. */
const restartPause = 1_000;
/** When so many workers in a row ended before they answered requests and none is left, the primary process ends: its supervisor has to see it. */
const mostFailedStarts = 5;
/** Milliseconds that workers may take to end beside `STOP_DELAY`: a little more than they allow themselves. */
const endAfter = 12_000;
/** Milliseconds that a worker waits for the metrics of all; prom-client gives up after five seconds. */
const metricsLimit = 6_000;

type Message =
  /** Worker: requests are answered from now on. */
  | { readonly chodae: 'ready'; readonly lines: readonly string[] }
  /** Worker: `/metrics` was asked for. */
  | { readonly chodae: 'metrics-wanted'; readonly id: number }
  /** Primary: the answer; undefined where a worker did not answer in time. */
  | { readonly chodae: 'metrics'; readonly id: number; readonly text: string | undefined };

function asMessage(message: unknown): Message | undefined {
  return typeof message === 'object' && message !== null && 'chodae' in message ? (message as Message) : undefined;
}

/**
 * Runs the service in worker processes that share the port: migrates once, starts one worker, then the others, so that what keeps all of them from
 * starting is told once. A worker that dies is restarted.
 * @returns the exit code: 0 after SIGTERM or SIGINT; that of the first worker where it does not start; 1 where none can be started any more.
 */
export async function runWorkers(config: Config, stop: AbortSignal, print: (line: string) => void): Promise<number> {
  const log = openProcessLog(config);
  const isUp = limitStart(stop, log);
  await (await openMigrated(config, print)).close();
  isUp();

  const ready = new Set<Worker>();
  const metrics = openWorkerMetrics(() => ready.size);
  await using metricsServer = config.metrics ? await openMetricsServer({ ...config.metrics, read: metrics.read }) : undefined;
  const ending = new AbortController();
  stop.addEventListener('abort', () => ending.abort());
  if (stop.aborted) ending.abort();
  let failedStarts = 0;
  let isStarted = false;

  function fork(): Worker {
    const worker = cluster.fork();
    worker.on('error', (error: NodeJS.ErrnoException) => log.error({ reason: error.code }, 'a worker cannot be started or reached'));
    worker.on('message', (raw: unknown) => {
      const message = asMessage(raw);
      if (message?.chodae === 'ready') {
        ready.add(worker);
        failedStarts = 0;
      }
      if (message?.chodae === 'metrics-wanted') void answerMetrics(worker, message.id, metrics.read, log);
    });
    worker.once('exit', (code, signal) => {
      if (!ready.delete(worker)) failedStarts += 1;
      if (isStarted && !ending.signal.aborted) void restart(code, signal);
    });
    return worker;
  }

  async function restart(code: number | null, signal: string | null): Promise<void> {
    if (failedStarts >= mostFailedStarts && ready.size === 0) return ending.abort();
    log.error({ code, signal, pause: restartPause }, 'a worker died; another takes its place');
    metrics.restarts.inc();
    await delay(restartPause);
    if (!ending.signal.aborted) fork();
  }

  const started = await firstOutcome(fork(), stop);
  if (typeof started === 'number') return started;
  isStarted = true;
  if (started !== undefined) {
    const own = [
      `  Workers         ${config.process.workers}`,
      ...(metricsServer ? [`  Metrics         ${metricsServer.url}/metrics`] : []),
    ];
    print([...started, ...own].join('\n'));
    if (config.http.tls) onHangup(() => ready.forEach((worker) => void worker.process.kill('SIGHUP')));
    for (let number = 1; number < config.process.workers; number += 1) fork();
  }

  if (!ending.signal.aborted) await once(ending.signal, 'abort');
  if (stop.aborted) print(`${stop.reason}: finishing the requests under way.`);
  else log.fatal('no worker can be started');
  const isGood = await endWorkers(stop.aborted ? stop.reason : 'SIGTERM', ready, config.process.stopDelaySeconds * 1000 + endAfter);
  return stop.aborted && isGood ? 0 : 1;
}

/** @returns the lines of a worker that answers requests; its exit code where it ended; undefined where the process was asked to stop before. */
function firstOutcome(worker: Worker, stop: AbortSignal): Promise<readonly string[] | number | undefined> {
  return new Promise((resolve) => {
    worker.on('message', (raw: unknown) => {
      const message = asMessage(raw);
      if (message?.chodae === 'ready') resolve(message.lines);
    });
    worker.once('exit', (code) => resolve(code || 1));
    stop.addEventListener('abort', () => resolve(undefined));
    if (stop.aborted) resolve(undefined);
  });
}

/** Hands a signal to every worker and waits until they have ended; kills those that take too long. @returns whether all ended well. */
async function endWorkers(signal: NodeJS.Signals, ready: ReadonlySet<Worker>, limit: number): Promise<boolean> {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const served = new Set(ready);
  const exits = workers.map(
    (worker) =>
      new Promise<boolean>((resolve) => {
        // One that was only starting may not have listened to signals yet.
        worker.once('exit', (code, endedBy) => resolve(code === 0 || (endedBy === signal && !served.has(worker))));
        if (worker.isDead()) resolve(worker.process.exitCode === 0);
        else worker.process.kill(signal);
      }),
  );
  const late = setTimeout(() => {
    for (const worker of workers) worker.process.kill('SIGKILL');
  }, limit);
  const areGood = await Promise.all(exits);
  clearTimeout(late);
  return areGood.every(Boolean);
}

/** The metrics of all workers, added up by prom-client. Sums restart with a worker, as Prometheus expects of counters. */
function openWorkerMetrics(readyWorkers: () => number) {
  const workers = new AggregatorRegistry();
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
  return {
    restarts,
    read: async () => `${await workers.clusterMetrics()}\n${await own.metrics()}`,
  };
}

async function answerMetrics(worker: Worker, id: number, read: () => Promise<string>, log: Logger): Promise<void> {
  const text = await read().catch((error: unknown) => {
    log.warn({ error: describeError(error) }, 'the metrics of the workers could not be read');
    return undefined;
  });
  // Without the callback a worker that is just ending would be an error.
  if (worker.isConnected()) worker.send({ chodae: 'metrics', id, text } satisfies Message, () => {});
}

/** A worker's channel to its primary process. */
export interface PrimaryLink {
  /** What this worker counts from now on; before, it answers scrapes with nothing, so that a start does not hold them up. */
  count(registry: Registry): void;
  /** Says that requests are answered. @param lines for people, printed by the primary once. */
  ready(lines: readonly string[]): void;
  /** Gives the metrics of all workers together. @throws Error where they cannot be read in time. */
  readMetrics(): Promise<string>;
}

/** @returns undefined unless this process is a cluster worker. */
export function linkToPrimary(): PrimaryLink | undefined {
  if (!cluster.isWorker) return undefined;
  // Its constructor begins to answer prom-client's requests.
  new AggregatorRegistry();
  const waiting = new Map<number, (text: string | undefined) => void>();
  let lastId = 0;
  const listen = (raw: unknown) => {
    const message = asMessage(raw);
    if (message?.chodae === 'metrics') waiting.get(message.id)?.(message.text);
  };
  cluster.worker?.on('message', listen);
  return {
    count: (registry) => AggregatorRegistry.setRegistries(registry),
    ready: (lines) => tell({ chodae: 'ready', lines }),
    readMetrics() {
      const id = ++lastId;
      return new Promise<string>((resolve, reject) => {
        const fail = () => reject(new Error('the metrics of the workers cannot be read'));
        const late = setTimeout(fail, metricsLimit).unref();
        waiting.set(id, (text) => {
          clearTimeout(late);
          if (text === undefined) fail();
          else resolve(text);
        });
        tell({ chodae: 'metrics-wanted', id });
      }).finally(() => waiting.delete(id));
    },
  };
}

/** A primary that is gone hears nothing; then this process is about to end as well. */
function tell(message: Message): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
