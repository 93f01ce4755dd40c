/**
 * The process: the only file that listens to signals or calls `process.exit`. The entry (`cli/chodae.ts`) gives each command the stop signal; the
 * life of the service is on one page in `process/serve.ts`. Nothing heavy is imported here, because every command loads this file.
 */

const controller = new AbortController();
let isListening = false;

/**
 * Listens to SIGTERM and SIGINT from the first call on.
 * @param options.isPatient a second signal changes nothing. npm forwards Ctrl-C to a process that the terminal has told already, so for the service a
 *   second signal is no sign of impatience. For a command the second one ends the process at once.
 * @returns aborts at the first of them; the reason is its name.
 */
export function stopSignal({ isPatient = false } = {}): AbortSignal {
  if (!isListening) {
    isListening = true;
    const listen = isPatient ? process.on.bind(process) : process.once.bind(process);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) listen(signal, () => controller.abort(signal));
  }
  return controller.signal;
}

/** Calls a listener at each SIGHUP. At a terminal the signal keeps its meaning, the end: the terminal was closed. */
export function onHangup(listener: () => void): void {
  if (!process.stdin.isTTY) process.on('SIGHUP', listener);
}

/** Ends the process with 1 at a failure that no code awaited: its state is unknown from there on. */
export function exitOnUnexpectedFailure(report: (error: unknown) => void): void {
  const end = (error: unknown) => {
    report(error);
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/**
 * Ends the process after some milliseconds, unless it has ended by itself.
 * @param report called before.
 * @returns cancels it.
 */
export function exitLater(milliseconds: number, code: number, report: () => void): () => void {
  const timer = setTimeout(() => {
    report();
    process.exit(code);
  }, milliseconds).unref();
  return () => clearTimeout(timer);
}

/** Ends the process with `process.exitCode`: a timer or a socket of a library, or a worker's channel, must not keep it alive. */
export function exitNow(): void {
  process.exit();
}
