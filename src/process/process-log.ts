import { type Logger, pino } from 'pino';
import type { Config } from '../config/config.ts';
import { describeError } from '../http/describe-error.ts';

/** Opens the log of this process, and ends the process with a line in it when a failure comes up that nobody awaited: nobody has thought of the state after that. */
export function openProcessLog({ logLevel }: Config): Logger {
  const log = pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const end = (error: unknown) => {
    log.fatal({ error: describeError(error) }, 'unexpected failure: the process ends');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  return log;
}
