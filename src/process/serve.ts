import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type App, buildApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import { describeError } from '../http/describe-error.ts';
import { readCertificate } from '../http/https/certificate.ts';
import { reloadCertificate } from '../http/https/reload-certificate.ts';
import { exitLater, onHangup } from '../main.ts';
import { openMetricsServer } from '../metrics/metrics-server.ts';
import { watchEventLoop } from '../overload/event-loop-pressure.ts';
import { openPageFiles } from '../pages/page-files.ts';
import { startCountingPhones } from '../registration/count-phones.ts';
import { openServices, sweptRows } from '../services.ts';
import { startSweeper } from '../sweeping/sweeper.ts';
import { linkToPrimary } from './cluster.ts';
import { type CommandSocket, openCommandSocket } from './local-access.ts';
import { openProcessLog } from './process-log.ts';
import { limitStart, openMigrated, startLines } from './start.ts';

/** Milliseconds after which connections that are still busy are closed: longer than any statement and any wait for a hash may take. */
const cutAfter = 8_000;
/** Milliseconds after which the process ends, whatever still holds it. */
const endAfter = 10_000;

/**
 * Runs the service in this process, alone or as one of several workers, until `stop` aborts.
 * @param print writes a line for people; a worker's lines go to its primary process.
 * @returns the exit code.
 * @throws what `openDatabase` and `openPageFiles` throw, and the operating system's error where the address cannot be listened on.
 */
export async function serve(config: Config, stop: AbortSignal, print: (line: string) => void): Promise<number> {
  const primary = linkToPrimary();
  const log = openProcessLog(config);
  const isUp = limitStart(stop, log);
  const { tls } = config.http;
  const certificate = tls && (await readCertificate(tls));
  const pages = await openPageFiles(config.page);
  const database = await openMigrated(config, print);
  await using services = openServices(config, log, database);
  services.passwords.warmUp();
  const { metrics } = services;
  metrics.watchProcess();
  primary?.count(metrics.registry);
  using pressure = watchEventLoop(metrics.requestShed);
  const app = await buildApp(services, {
    ...(primary && { readMetrics: primary.readMetrics }),
    pages,
    ...(certificate && { tls: certificate }),
    overloaded: pressure.refusal,
  });
  await using commands = await openCommandSocket(app, services);
  const host = config.http.host === 'localhost' ? '127.0.0.1' : config.http.host;
  const address = await app.http.listen({ host, port: config.http.port });
  commands?.announce();
  // The primary process answers for its workers.
  await using metricsServer =
    config.metrics && !primary ? await openMetricsServer({ ...config.metrics, read: () => metrics.registry.metrics() }) : undefined;
  if (tls) onHangup(() => void reloadCertificate(app.http, tls, log));
  const lines = await startLines(services, { address, metricsAddress: metricsServer?.url, certificate });
  if (primary) primary.ready(lines);
  // One write: a program that waits for the address finds the other lines beside it.
  else print(lines.join('\n'));
  isUp();
  const { phoneUnique, phoneRegion } = config.registration;
  const stopCounting = phoneUnique ? startCountingPhones({ database, region: phoneRegion, log, describeError }) : undefined;
  const stopSweeping = startSweeper({ database, kinds: sweptRows(config), log, describeError, onSwept: metrics.swept });

  if (!stop.aborted) await once(stop, 'abort');
  if (!primary) print(`${stop.reason}: finishing the requests under way.`);
  const ended = Promise.all([stopSweeping(), stopCounting?.()]);
  await stopServing(app, log, commands, stop.reason === 'SIGTERM' ? config.process.stopDelaySeconds : 0);
  await ended;
  return 0;
}

/** @param delaySeconds for a balancer to notice; Ctrl-C does not wait. */
async function stopServing({ http, announceStop }: App, log: Logger, commands: CommandSocket | undefined, delaySeconds: number) {
  announceStop();
  const commandsDone = commands?.close();
  await delay(delaySeconds * 1000);
  const cut = setTimeout(() => {
    log.warn('connections that are still busy are cut');
    http.server.closeAllConnections();
    commands?.cut();
  }, cutAfter);
  // Runs on while the pools are closed.
  exitLater(endAfter, 1, () => log.error('the process could not end in good order'));
  await Promise.all([http.close(), commandsDone]);
  clearTimeout(cut);
}
