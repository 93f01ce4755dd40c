import cluster from 'node:cluster';
import type { Config } from './config/config.ts';
import { serveHere } from './process/serve-here.ts';
import { supervise } from './process/supervise.ts';

/**
 * Runs the service until a signal stops it: in this process, or in as many as the settings say.
 * @param print writes a line for people.
 * @returns the exit code: 0 after SIGTERM or SIGINT.
 * @throws what `openDatabase` throws, and the operating system's error where the address cannot be listened on.
 */
export async function serve(config: Config, print: (line: string) => void): Promise<number> {
  // A worker starts with the same arguments as its primary process.
  if (cluster.isWorker) return serveHere(config, () => {});
  return config.process.workers > 1 ? supervise(config, print) : serveHere(config, print);
}
