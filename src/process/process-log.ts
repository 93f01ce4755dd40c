import { type Logger, pino } from 'pino';
import type { Config } from '../config/config.ts';
import { describeError } from '../http/describe-error.ts';
import { exitOnUnexpectedFailure } from '../main.ts';

/** Opens the log of this process. A failure that no code awaited is a line in it, and the end of the process. */
export function openProcessLog({ logLevel }: Config): Logger {
  const log = pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  exitOnUnexpectedFailure((error) => log.fatal({ error: describeError(error) }, 'unexpected failure: the process ends'));
  return log;
}
