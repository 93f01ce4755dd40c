import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type App, buildApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import { describeError } from '../http/describe-error.ts';
import { readCertificate } from '../http/https/certificate.ts';
import { followCertificate } from '../http/https/follow-certificate.ts';
import { openMetricsServer } from '../metrics/metrics-server.ts';
import { watchEventLoop } from '../overload/event-loop-pressure.ts';
import { openServices, type Services, sweptRows } from '../services.ts';
import { startSweeper } from '../sweeping/sweeper.ts';
import { httpsLine } from './https-line.ts';
import { type CommandLineAccess, letCommandLineIn, openCommandLineSocket } from './local-access.ts';
import { openMigrated } from './open-migrated.ts';
import { operatorKeyLines } from './operator-key-lines.ts';
import { openProcessLog } from './process-log.ts';
import { endWhileStarting, untilSignal } from './signals.ts';
import { testCodeLines } from './test-code-lines.ts';
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
  const isUp = endWhileStarting(stopping, log);
  const tls = config.http.tls && { files: config.http.tls, current: await readCertificate(config.http.tls) };
  const database = await openMigrated(config, print);
  await using services = openServices(config, log, database);
  services.passwords.warmUp();
  const { metrics } = services;
  metrics.watchProcess();
  const link = linkToPrimary(metrics.registry);
  using pressure = watchEventLoop(metrics.requestShed);
  const app = await buildApp(services, { ...link, overloaded: pressure.refusal, ...(tls && { tls: tls.current }) });
  const socket = await openCommandLineSocket(app, services);
  const address = await app.http.listen({
    host: config.http.host === 'localhost' ? '127.0.0.1' : config.http.host,
    port: config.http.port,
  });
  const commandLine = letCommandLineIn(services, socket);
  // Of several workers none has a port of its own to be asked at: the primary process answers for them.
  const metricsServer =
    config.metrics && !link ? await openMetricsServer({ ...config.metrics, read: () => metrics.registry.metrics() }) : undefined;
  const certificate = tls && followCertificate(app.http, { ...tls, log });
  // The primary process of several workers replaces them at this signal.
  if (certificate && !link && !process.stdin.isTTY) process.on('SIGHUP', () => void certificate.look());
  const lines = [
    ...addressLines(address, services, metricsServer?.url, httpsLine(config, tls?.current)),
    ...(await operatorKeyLines(services)),
    ...(await testCodeLines(services)),
  ];
  if (link) link.ready(lines);
  else for (const line of lines) print(line);
  isUp();
  const stopSweeping = startSweeper({ database, kinds: sweptRows(config), log, describeError, onSwept: metrics.swept });

  const signal = await stopping;
  if (!link) print(`${signal}: finishing the requests under way.`);
  const swept = stopSweeping();
  await stopServing(app, log, commandLine, signal === 'SIGTERM' ? config.process.stopDelaySeconds : 0);
  certificate?.stop();
  await swept;
  await metricsServer?.close();
  await link?.farewell();
  return 0;
}

/** @param delaySeconds for a balancer to notice; whoever presses Ctrl-C has none. */
async function stopServing(
  { http, announceStop }: App,
  log: Logger,
  commandLine: CommandLineAccess | undefined,
  delaySeconds: number,
): Promise<void> {
  announceStop();
  const commandsDone = commandLine?.close();
  await delay(delaySeconds * 1000);
  const cut = setTimeout(() => {
    log.warn('connections that are still busy are cut');
    http.server.closeAllConnections();
    commandLine?.cut();
  }, cutAfter);
  // Runs on while the pools are closed.
  setTimeout(() => {
    log.error('the process could not end in good order');
    process.exit(1);
  }, endAfter).unref();
  await Promise.all([http.close(), commandsDone]);
  clearTimeout(cut);
}

function addressLines(address: string, { database, limits }: Services, metricsAddress: string | undefined, https: string): string[] {
  return [
    `Chodae is ready: ${address}`,
    `  API document    ${address}/docs  (also /redoc and /openapi.json)`,
    `  Database        ${database.description}`,
    `  Limits          ${limits?.description ?? 'off: anybody may guess codes as fast as they can (RATE_LIMIT=off)'}`,
    `  HTTPS           ${https}`,
    ...(metricsAddress ? [`  Metrics         ${metricsAddress}/metrics`] : []),
  ];
}
