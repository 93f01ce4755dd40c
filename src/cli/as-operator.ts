import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Config, EmbeddedDatabaseConfig } from '../config/config.ts';
import { DatabaseInUseError } from '../database/embedded-lock.ts';
import { readLocalAccess } from '../operators/local-access.ts';
import type { SentenceValues } from '../problems.ts';
import { meAnswer } from './answers.ts';
import type { Place } from './api-client.ts';
import { type ApiClient, createApiClient } from './api-client.ts';
import { type BaseUrl, isSafeForSecrets, parseBaseUrl } from './base-url.ts';
import type { CommandContext } from './context.ts';
import { CommandError, UsageError } from './exit-codes.ts';
import { type Message, translate } from './messages.ts';
import { operatorKeyFromHere } from './operator-key-from-here.ts';
import { explaining, settingsFromHere } from './settings.ts';

/** What every command for operators can be told about where and how; see `addOperatorOptions`. */
export interface OperatorFlags {
  readonly url?: BaseUrl;
  readonly keyFile?: string;
  readonly insecure?: true;
  readonly json?: true;
}

/** What a command for operators works with. */
export interface Operator extends CommandContext {
  readonly client: ApiClient;
  /** The zone of the times that people read: of the settings; with `--url` of TIME_ZONE here, else of this machine. */
  readonly timeZone: string;
  /** Puts something into the person's language. A number is a count and gets its thousands grouped; an id is a text. */
  say(sentence: Message['sentence'], values?: Message['values']): string;
}

const cleartext = {
  ko: '{url}은 암호화되지 않은 주소라서 운영자 키를 누구나 엿볼 수 있습니다. https:// 주소를 쓰거나, 믿을 수 있는 망이라면 --insecure를 붙이세요.',
  en: 'At {url} anyone on the path could read the operator key: use an https:// address, or add --insecure where the network is trusted.',
};

const waiting = {
  ko: '내장 데이터베이스를 프로세스 {pid}이(가) 쓰고 있어 기다립니다.',
  en: 'The embedded database is in use by process {pid}; waiting for it.',
};

/** How long to wait for another command, or a server that is starting, in milliseconds. */
const patience = 30_000;
const patienceUnsaid = 1_500;

export function addOperatorOptions(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'a service elsewhere, with an operator key in CHODAE_OPERATOR_KEY (default: the database of the settings)',
      parseBaseUrl,
    )
    .option('--key-file <file>', 'a file that holds the operator key for --url')
    .option('--insecure', 'send the key to an http:// address of another machine, for everybody on the way to read')
    .option('--json', 'print one JSON document');
}

interface LocalOptions {
  /** Where the caller has read them already. */
  readonly settings?: Config;
  /** Gets a line where a database is made or migrated; written to stderr unless said otherwise. */
  readonly announce?: (line: string) => void;
}

/**
 * Runs a command's work as an operator: at `--url`, else through the process that has the embedded database open, else with the application in
 * this process. The rules are the HTTP interface's own in each case.
 */
export async function asOperator(
  context: CommandContext,
  flags: OperatorFlags,
  work: (operator: Operator) => Promise<void>,
  { settings, announce = (line) => void context.stderr.write(`${line}\n`) }: LocalOptions = {},
): Promise<void> {
  const { language, signal } = context;
  const connect = (place: Place, key: string) => createApiClient({ place, key, language, signal });
  const say: Operator['say'] = (sentence, values = {}) => translate({ sentence, values: grouped(values) }, language);
  const workWith = async (client: ApiClient, timeZone: string) => {
    try {
      await work({ ...context, client, timeZone, say });
    } finally {
      client.close();
    }
  };
  if (flags.url !== undefined)
    return workWith(
      connect({ url: urlForKey(flags.url, flags, say) }, operatorKeyFromHere(flags.keyFile, language, context.environment)),
      zoneFromHere(context.environment),
    );
  const config = settings ?? settingsFromHere(context);
  return explaining(config, async () => {
    await using local = await openLocal(config, connect, context, announce, (values) => say(waiting, values));
    await workWith(local.client, config.registration.timeZone);
  });
}

/** A zone that this machine does not know counts as none. */
function zoneFromHere({ TIME_ZONE }: CommandContext['environment']): string {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return TIME_ZONE ? new Intl.DateTimeFormat('en', { timeZone: TIME_ZONE }).resolvedOptions().timeZone : own;
  } catch {
    return own;
  }
}

function grouped(values: SentenceValues): SentenceValues {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'number' ? value.toLocaleString('en') : value]),
  );
}

function urlForKey(url: BaseUrl, { insecure }: OperatorFlags, say: Operator['say']): BaseUrl {
  if (!insecure && !isSafeForSecrets(url)) throw new UsageError(say(cleartext, { url }));
  return url;
}

interface Local extends AsyncDisposable {
  readonly client: ApiClient;
}

type Connect = (place: Place, key: string) => ApiClient;

async function openLocal(
  config: Config,
  connect: Connect,
  { signal, stderr }: CommandContext,
  announce: (line: string) => void,
  sayWaiting: (values: { pid: string }) => string,
): Promise<Local> {
  if (config.database.kind === 'postgresql') return openHere(config, connect, announce);
  const begun = performance.now();
  for (let told = false; ; ) {
    const running = await findRunning(config.database, connect);
    if (running) return { client: running, async [Symbol.asyncDispose]() {} };
    try {
      return await openHere(config, connect, announce);
    } catch (error) {
      // A server that does not listen yet, or another command, which is over soon.
      const waited = performance.now() - begun;
      if (!(error instanceof DatabaseInUseError) || waited > patience || signal.aborted) throw error;
      if (!told && waited > patienceUnsaid) stderr.write(`${sayWaiting({ pid: String(error.pid ?? '?') })}\n`);
      told ||= waited > patienceUnsaid;
    }
    await sleep(100);
  }
}

async function openHere(config: Config, connect: Connect, announce: (line: string) => void): Promise<Local> {
  // Loaded here because it is the whole service; a command that talks to a running one does without.
  const { openLocalApplication } = await import('./local-application.ts');
  const application = await openLocalApplication(config, announce);
  return { client: connect(application, application.key), [Symbol.asyncDispose]: () => application[Symbol.asyncDispose]() };
}

/** @returns a client for the server that has the embedded database open, where it answers. */
async function findRunning({ directory }: EmbeddedDatabaseConfig, connect: Connect): Promise<ApiClient | undefined> {
  const access = readLocalAccess(directory);
  if (!access) return undefined;
  const client = connect(access.place, access.key);
  try {
    await client.request({ method: 'GET', path: '/admin/me' }, meAnswer);
    return client;
  } catch (error) {
    client.close();
    if (!(error instanceof CommandError)) throw error;
    return undefined;
  }
}
