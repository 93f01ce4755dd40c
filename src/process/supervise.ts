import type { Config } from '../config/config.ts';
import { openMetricsServer } from '../metrics/metrics-server.ts';
import { openCrew } from './crew.ts';
import { openCrewMetrics } from './crew-metrics.ts';
import { openMigrated } from './open-migrated.ts';
import { openProcessLog } from './process-log.ts';
import { endWhileStarting, untilSignal } from './signals.ts';

/** Milliseconds that a worker may take to end beside `STOP_DELAY`: a little more than it allows itself. */
const endAfter = 12_000;

/**
 * Runs the service in several worker processes that share the port: migrates once, starts them, replaces those that die, and hands signals on.
 * SIGHUP replaces them one after another, so that changed settings and a new build take effect without a pause.
 * @returns the exit code: 0 after SIGTERM or SIGINT; that of the first worker where it does not start; 1 where none can be started any more.
 */
export async function supervise(config: Config, print: (line: string) => void): Promise<number> {
  const stopping = untilSignal();
  const log = openProcessLog(config);
  const isUp = endWhileStarting(stopping, log);
  await (await openMigrated(config, print)).close();
  isUp();
  const metrics = openCrewMetrics(() => crew.readyCount());
  const crew = openCrew({
    size: config.process.workers,
    log,
    endLimit: config.process.stopDelaySeconds * 1000 + endAfter,
    onBegin: metrics.follow,
    onEnd: metrics.keep,
    onReplaced: metrics.restarted,
  });
  const metricsServer = config.metrics ? await openMetricsServer({ ...config.metrics, read: metrics.read }) : undefined;
  const started = await Promise.race([crew.start(), stopping]);
  if (typeof started === 'number') return started;
  if (typeof started !== 'string') {
    for (const line of started) print(line);
    print(`  Workers         ${config.process.workers}`);
    if (metricsServer) print(`  Metrics         ${metricsServer.url}/metrics`);
    replaceOnHangup(crew.replaceAll, print);
  }

  const ending = await Promise.race([stopping, crew.hopeless]);
  if (typeof ending === 'number') log.fatal('no worker can be started');
  else print(`${ending}: finishing the requests under way.`);
  const inGoodOrder = await crew.stop(typeof ending === 'number' ? 'SIGTERM' : ending);
  await metricsServer?.close();
  return typeof ending === 'number' ? ending : inGoodOrder ? 0 : 1;
}

/** On a terminal that is closed the signal means the end, as for every other program. */
function replaceOnHangup(replaceAll: () => Promise<boolean>, print: (line: string) => void): void {
  if (process.stdin.isTTY) return;
  let isReplacing = false;
  process.on('SIGHUP', async () => {
    if (isReplacing) return;
    isReplacing = true;
    const replaced = await replaceAll();
    isReplacing = false;
    print(replaced ? 'SIGHUP: every worker was replaced.' : 'SIGHUP: a new worker does not start; the others stay as they are.');
  });
}
