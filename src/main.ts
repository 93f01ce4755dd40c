import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { buildApp } from './app.ts';
import type { Config } from './config/config.ts';
import { openDatabase } from './database/open.ts';
import { describeError } from './http/describe-error.ts';
import { seedTestCodes, testCodes } from './invitations/seed-test-codes.ts';
import { isAnyKeyUsable, makeFirstKey } from './operators/first-key.ts';
import { leaveLocalAccess, urlFromHere } from './operators/local-access.ts';
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
  const forgetLocalAccess = letCommandLineIn(http.server.address(), services);
  for (const line of [...addressLines(address, services), ...(await operatorKeyLines(services))]) print(line);
  const sweeper = startSweeping(services);

  const signal = await stopping;
  print(`${signal}: finishing the requests under way.`);
  const deadline = setTimeout(() => {
    log.error('requests under way did not finish in time');
    process.exit(1);
  }, stopWithinMilliseconds);
  clearInterval(sweeper);
  forgetLocalAccess();
  stopAccepting();
  await http.close();
  clearTimeout(deadline);
  return 0;
}

/** One process alone can open the embedded database: commands on this machine ask it. @returns ends that. */
function letCommandLineIn(address: AddressInfo | string | null, { config, localKey }: Services): () => void {
  if (config.database.kind !== 'embedded' || typeof address !== 'object' || address === null) return () => {};
  return leaveLocalAccess(config.database.directory, { url: urlFromHere(address), key: localKey });
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

/** The first key of a new embedded database, this once; where everybody else would be locked out, what to do. */
async function operatorKeyLines({ database, operators }: Services): Promise<string[]> {
  const another = 'npx chodae key create --label me --role admin';
  if (database.kind === 'postgresql') {
    // A database that does not answer now is asked again by requests.
    const isUsable = await isAnyKeyUsable(operators).catch(() => true);
    return isUsable ? [] : [`There is no operator key yet. To manage invitations over HTTP, make one: ${another}`];
  }
  const key = await makeFirstKey(operators);
  return key === undefined
    ? []
    : [
        `Operator key    ${key}`,
        '  It manages invitations over HTTP (role admin) and is shown this once. On this machine `npx chodae invite` needs none.',
        `  If you lose it, make another: ${another}`,
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
