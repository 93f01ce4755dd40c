import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { type Database, until } from '../database/database.ts';
import { accessLines } from '../database/migration-lines.ts';
import { openDatabase } from '../database/open.ts';
import { startDeadline } from '../deadline.ts';
import { type Certificate, datesMistake, day } from '../http/https/certificate.ts';
import { firstContents, isForTrying, usableTestCodes } from '../invitations/seed-test-codes.ts';
import { exitLater } from '../main.ts';
import { isAnyKeyUsable, makeFirstKey } from '../operators/first-key.ts';
import type { Services } from '../services.ts';
import { requestLimit } from '../time-limits.ts';

/** Milliseconds that a start may go on after it was asked to stop. */
const startLimit = 5_000;

/**
 * Ends a process that is asked to stop while it starts and hangs: it waits for another process's migration, or for a database that is silent. No
 * request was served yet, and a migration is one transaction, so the exit code is 0.
 * @returns to be called when the process is up.
 */
export function limitStart(stop: AbortSignal, log: Logger): () => void {
  let cancel = () => {};
  const begin = () => {
    cancel = exitLater(startLimit, 0, () => log.warn('asked to end while starting: the start is given up'));
  };
  stop.addEventListener('abort', begin);
  if (stop.aborted) begin();
  return () => {
    stop.removeEventListener('abort', begin);
    cancel();
  };
}

/** Opens the database, brings its schema up to date, and says what that changed. @throws what `openDatabase` throws. */
export async function openMigrated(config: Config, print: (line: string) => void): Promise<Database> {
  const { database, isNew, migration } = await openDatabase(config.database, print, firstContents(config));
  if (migration.applied > 0) print(`Database schema: ${migration.applied} migrations applied.`);
  for (const line of accessLines(migration)) print(line);
  if (isNew && !isForTrying(config)) print('There is no invitation yet. Make one: npx chodae invite create');
  return database;
}

interface Started {
  readonly address: string;
  readonly metricsAddress: string | undefined;
  readonly certificate: Certificate | undefined;
}

/** @returns what a start tells people, once it answers requests. */
export async function startLines(services: Services, { address, metricsAddress, certificate }: Started): Promise<string[]> {
  const { config, database, limits } = services;
  return [
    `Chodae is ready: ${address}`,
    `  Sign-up page    ${address}/join`,
    `  API document    ${address}/docs  (also /redoc and /openapi.json)`,
    `  Database        ${database.description}`,
    `  Limits          ${limits?.description ?? 'off: clients can guess codes without limit (RATE_LIMIT=off)'}`,
    `  HTTPS           ${httpsLine(config, certificate)}`,
    ...(config.registration.phoneUnique
      ? ['  Phone numbers   one account each; existing accounts are being counted, and the log says what was found']
      : []),
    ...(metricsAddress ? [`  Metrics         ${metricsAddress}/metrics`] : []),
    ...(await operatorKeyLines(services)),
    ...(await testCodeLines(services)),
  ];
}

/** What protects requests, or that nothing does. */
function httpsLine({ http, isProduction }: Config, certificate: Certificate | undefined): string {
  if (certificate) return datesMistake(certificate) ?? `spoken here, with a certificate until ${day(certificate.validTo)} (TLS_CERT)`;
  if (http.forceHttps) return 'required: plain HTTP is redirected or refused (FORCE_HTTPS)';
  if (isProduction) return 'NOT required, although NODE_ENV is production (FORCE_HTTPS=off)';
  return 'not required; where people use the service, set FORCE_HTTPS=on or NODE_ENV=production';
}

/** The first key of a new embedded database, this once; on PostgreSQL without a key, how to make one. */
async function operatorKeyLines({ database, operators }: Services): Promise<string[]> {
  const another = 'npx chodae key create --label me --role admin';
  if (database.kind === 'postgresql') {
    // Requests will ask a database again that does not answer now.
    const isUsable = await isAnyKeyUsable(operators, startDeadline(requestLimit)).catch(() => true);
    return isUsable ? [] : [`There is no operator key yet. To manage invitations over HTTP, make one: ${another}`];
  }
  const key = await makeFirstKey(operators, startDeadline(requestLimit));
  return key === undefined
    ? []
    : [
        `Operator key    ${key}`,
        '  It manages invitations over HTTP (role admin) and is shown this once. On this machine `npx chodae invite` needs none.',
        `  If you lose it, make another: ${another}`,
      ];
}

/** Told at each start while a code of the README can be used. */
async function testCodeLines({ database, config }: Services): Promise<string[]> {
  const rows = await usableTestCodes(until(startDeadline(requestLimit), database)).catch(() => []);
  const [first] = rows;
  if (!first) return [];
  const ends = rows.map((row) => row.expires_at);
  const isEndless = ends.some((end) => end === null || !Number.isFinite(Number(end)));
  const last = new Date(Math.max(...ends.map(Number)));
  const { timeZone } = config.registration;
  const validity = isEndless
    ? 'with no end'
    : `until ${new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(last)} (${timeZone})`;
  return [
    `Test codes      ${rows.map(({ code }) => code).join(', ')} can be used by anyone who has read the README, ${validity}.`,
    `  To stop one: npx chodae invite revoke ${first.code}. For another day: npx chodae seed`,
  ];
}
