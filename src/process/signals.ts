import type { Logger } from 'pino';

/** Resolves with the first signal that asks the process to end. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // A second signal finds the first one's work under way and changes nothing; SIGKILL is always there.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

/** Milliseconds that a start may go on after a signal. */
const startLimit = 5_000;

/**
 * Ends a process that is asked to end while it starts, and cannot: it waits for another one's migration, or for a database that is silent. Nobody is
 * served yet, and a migration is one transaction, so the exit code is 0.
 * @returns to be called when the process is up.
 */
export function endWhileStarting(stopping: Promise<NodeJS.Signals>, log: Logger): () => void {
  let isUp = false;
  void stopping.then(() => {
    setTimeout(() => {
      if (isUp) return;
      log.warn('asked to end while starting: the start is given up');
      process.exit(0);
    }, startLimit).unref();
  });
  return () => {
    isUp = true;
  };
}
