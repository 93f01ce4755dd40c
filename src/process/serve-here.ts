import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type App, buildApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import { describeError } from '../http/describe-error.ts';
import { openMetricsServer } from '../metrics/metrics-server.ts';
import { leaveLocalAccess, urlFromHere } from '../operators/local-access.ts';
import { watchEventLoop } from '../overload/event-loop-pressure.ts';
import { openServices, type Services, sweptRows } from '../services.ts';
import { startSweeper } from '../sweeping/sweeper.ts';
import { openMigrated } from './open-migrated.ts';
import { operatorKeyLines } from './operator-key-lines.ts';
import { openProcessLog } from './process-log.ts';
import { untilSignal } from './signals.ts';
import { linkToPrimary } from './worker-link.ts';

/** Milliseconds after which connections that are still busy are cut: longer than any statement and any wait for a hash may take. */
const cutAfter = 8_000;
/** Milliseconds after which the process ends, whatever still holds it. */
const endAfter = 10_000;

/**
 * Runs the service in this process, alone or as one of several workers, until a signal stops it.
 * @param print writes a line for people; a worker's go to its primary process.
 * @returns the exit code: 0 after SIGTERM or SIGINT.
 */
export async function serveHere(config: Config, print: (line: string) => void): Promise<number> {
  const stopping = untilSignal();
  const log = openProcessLog(config);
  const database = await openMigrated(config, print);
  await using services = openServices(config, log, database);
  services.passwords.warmUp();
  const { metrics } = services;
  metrics.watchProcess();
  const link = linkToPrimary(metrics.registry);
  using pressure = watchEventLoop(metrics.requestShed);
  const app = await buildApp(services, { ...link, overloaded: pressure.refusal });
  const address = await app.http.listen({ host: config.http.host, port: config.http.port });
  // Of several workers none has a port of its own to be asked at: the primary process answers for them.
  const metricsServer =
    config.metrics && !link ? await openMetricsServer({ ...config.metrics, read: () => metrics.registry.metrics() }) : undefined;
  const forgetLocalAccess = letCommandLineIn(app.http.server.address(), services);
  const lines = [...addressLines(address, services, metricsServer?.url), ...(await operatorKeyLines(services))];
  if (link) link.ready(lines);
  else for (const line of lines) print(line);
  const stopSweeping = startSweeper({ database, kinds: sweptRows(config), log, describeError, onSwept: metrics.swept });

  const signal = await stopping;
  if (!link) print(`${signal}: finishing the requests under way.`);
  forgetLocalAccess();
  await stopServing(app, log, signal === 'SIGTERM' ? config.process.stopDelaySeconds : 0);
  await stopSweeping();
  await metricsServer?.close();
  await link?.farewell();
  return 0;
}

/** @param delaySeconds for a balancer to notice; whoever presses Ctrl-C has none. */
async function stopServing({ http, announceStop }: App, log: Logger, delaySeconds: number): Promise<void> {
  announceStop();
  await delay(delaySeconds * 1000);
  const cut = setTimeout(() => {
    log.warn('connections that are still busy are cut');
    http.server.closeAllConnections();
  }, cutAfter);
  // Runs on while the pools are closed.
  setTimeout(() => {
    log.error('the process could not end in good order');
    process.exit(1);
  }, endAfter).unref();
  await http.close();
  clearTimeout(cut);
}

/** One process alone can open the embedded database: commands on this machine ask it. @returns ends that. */
function letCommandLineIn(address: AddressInfo | string | null, { config, localKey }: Services): () => void {
  if (config.database.kind !== 'embedded' || typeof address !== 'object' || address === null) return () => {};
  return leaveLocalAccess(config.database.directory, { url: urlFromHere(address), key: localKey });
}

function addressLines(address: string, { database, limits }: Services, metricsAddress: string | undefined): string[] {
  return [
    `Chodae is ready: ${address}`,
    `  API document    ${address}/docs  (also /redoc and /openapi.json)`,
    `  Database        ${database.description}`,
    `  Limits          ${limits?.description ?? 'off: anybody may guess codes as fast as they can (RATE_LIMIT=off)'}`,
    ...(metricsAddress ? [`  Metrics         ${metricsAddress}/metrics`] : []),
  ];
}
