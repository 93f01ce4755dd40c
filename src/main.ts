import { type Logger, pino } from 'pino';
import { buildApp } from './app.ts';
import type { Config } from './config/config.ts';
import { openDatabase } from './database/open.ts';
import { describeError } from './http/describe-error.ts';
import { seedTestCodes, testCodes } from './invitations/seed-test-codes.ts';
import { sweepKeptAnswers } from './operators/sweep-answers.ts';
import { sweep } from './registration/sweep-sessions.ts';
import { openServices, type Services } from './services.ts';

/** Expired sessions and the personal data in them are gone within this time, in milliseconds, and a little. */
const sweepEveryMilliseconds = 60_000;
/** Requests under way get this long, in milliseconds, before the process ends without them. */
const stopWithinMilliseconds = 10_000;

/**
 * Runs the service until a signal stops it.
 * @param print writes a line for people.
 * @returns the exit code: 0 after SIGTERM or SIGINT.
 * @throws what `openDatabase` throws, and the operating system's error where the address cannot be listened on.
 */
export async function serve(config: Config, print: (line: string) => void): Promise<number> {
  const stopping = untilSignal();
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  endOnUnexpectedFailure(log);
  const { database, isNew, migration } = await openDatabase(config.database, print, seedTestCodes);
  if (migration.applied > 0) print(`Database schema: ${migration.applied} migrations applied.`);
  if (migration.closedTables.length > 0) {
    print(`Row level security turned on, so that Supabase's automatic REST API no longer serves: ${migration.closedTables.join(', ')}.`);
  }
  if (isNew) print(`Invitation codes to try: ${testCodes.join(', ')}.`);
  await using services = openServices(config, log, database);
  services.passwords.warmUp();
  const { http, stopAccepting } = await buildApp(services);
  const address = await http.listen({ host: config.http.host, port: config.http.port });
  for (const line of addressLines(address, services)) print(line);
  const sweeper = startSweeping(services);

  const signal = await stopping;
  print(`${signal}: finishing the requests under way.`);
  const deadline = setTimeout(() => {
    log.error('requests under way did not finish in time');
    process.exit(1);
  }, stopWithinMilliseconds);
  clearInterval(sweeper);
  stopAccepting();
  await http.close();
  clearTimeout(deadline);
  return 0;
}

/** A failure that nobody awaited leaves the process in a state that nobody thought of: it ends, and its supervisor starts another. */
function endOnUnexpectedFailure(log: Logger): void {
  const end = (error: unknown) => {
    log.fatal({ error: describeError(error) }, 'unexpected failure: the process ends');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // A second signal finds the first one's work under way and changes nothing; SIGKILL is always there.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

function addressLines(address: string, { database }: Services): string[] {
  return [
    `Chodae is ready: ${address}`,
    `  API document    ${address}/docs  (also /redoc and /openapi.json)`,
    `  Database        ${database.description}`,
  ];
}

function startSweeping({ database, log }: Services): NodeJS.Timeout {
  const sweepOnce = async () => {
    try {
      const swept = { ...(await sweep(database)), answers: await sweepKeptAnswers(database) };
      if (swept.sessions + swept.receipts + swept.answers > 0) log.info(swept, 'expired rows deleted');
    } catch (error) {
      log.warn({ error: describeError(error) }, 'expired rows could not be deleted; the next round tries again');
    }
  };
  return setInterval(sweepOnce, sweepEveryMilliseconds).unref();
}
