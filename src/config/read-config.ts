import type { Config, EmbeddedDatabaseConfig, PostgresqlAddress, PostgresqlConfig } from './config.ts';
import { maskUrl } from './mask-url.ts';
import { directAddressAdvice, parsePostgresqlUrl } from './postgresql-address.ts';
import { isLocalHost } from './postgresql-tls.ts';
import type { Setting, SettingSchema } from './setting.ts';
import { type SettingValues, settingRooms, settings, settingsSchema } from './settings.ts';

/** Variables by their names, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings are invalid. The message has a line for each mistake and no secrets. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(['The settings cannot be used:', ...mistakes.map((mistake) => `- ${mistake}`)].join('\n'));
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/**
 * Reads every setting from the environment; an empty text counts as not set. Opens nothing; paths are resolved against the working folder.
 * @throws ConfigError with a message for each mistake: the variable, its value (secrets masked), what to write.
 */
export function readConfig(environment: Environment): Config {
  const texts = eachSetting(({ row }) => textOf(environment, row.name));
  const { data, error } = settingsSchema.safeParse(texts);
  const isProduction = environment.NODE_ENV?.trim() === 'production';
  const mistakes = [
    ...new Set((error?.issues ?? []).map(({ path, message }) => mistakeSentence(path, message, environment))),
    ...migrationMistakes(environment),
    ...processMistakes(environment),
    ...httpsMistakes(environment, isProduction),
  ];
  if (data === undefined || mistakes.length > 0) throw new ConfigError(mistakes);
  return configOf(data, isProduction);
}

function eachSetting<Result>(resultOf: (setting: SettingSchema<unknown>) => Result): Record<string, Record<string, Result>> {
  const mapped = <From, To>(entries: Readonly<Record<string, From>>, map: (from: From) => To): Record<string, To> =>
    Object.fromEntries(Object.entries(entries).map(([name, from]) => [name, map(from)]));
  return mapped(settingRooms, (room) => mapped(room, resultOf));
}

/** @returns undefined if the variable is not set or empty. */
function textOf(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || undefined;
}

/** @returns one value, for checks that involve several settings; undefined if it is invalid, which is reported elsewhere. */
function readSetting<Value>(environment: Environment, setting: SettingSchema<Value>): Value | undefined {
  return setting.safeParse(textOf(environment, setting.row.name)).data;
}

function migrationMistakes(environment: Environment): string[] {
  const runtime = readSetting(environment, settings.database.url)?.address;
  const migrations = readSetting(environment, settings.database.directUrl)?.address;
  if (migrations === undefined) return [];
  const mistakes: string[] = [];
  if (!isSet(environment, 'DATABASE_URL')) {
    mistakes.push('DIRECT_URL is set but DATABASE_URL is not: write DATABASE_URL as well, or remove DIRECT_URL.');
  }
  if (migrations.transactionPooler) {
    mistakes.push(`DIRECT_URL leads to a transaction pooler, but migrations need ${directAddressAdvice(migrations)}: write that address.`);
  }
  if (runtime !== undefined && (runtime.schema ?? 'public') !== (migrations.schema ?? 'public')) {
    mistakes.push('DATABASE_URL and DIRECT_URL name different schemas: write the same schema in both.');
  }
  return mistakes;
}

function processMistakes(environment: Environment): string[] {
  const workers = readSetting(environment, settings.process.workers) ?? 1;
  const metricsPort = readSetting(environment, settings.metrics.port);
  const port = readSetting(environment, settings.http.port);
  const mistakes: string[] = [];
  if (workers > 1 && !isSet(environment, 'DATABASE_URL')) {
    mistakes.push(
      `WEB_CONCURRENCY (--workers) is ${workers}, but the embedded database can be opened by one process only: ` +
        'set DATABASE_URL to a PostgreSQL server, or leave it at 1.',
    );
  }
  if (metricsPort !== undefined && metricsPort !== 0 && metricsPort === port) {
    mistakes.push(`METRICS_PORT and PORT are both ${port}: write another port in one of them.`);
  }
  return mistakes;
}

function httpsMistakes(environment: Environment, isProduction: boolean): string[] {
  const mistakes: string[] = [];
  for (const [one, other] of [
    ['TLS_CERT', 'TLS_KEY'],
    ['TLS_KEY', 'TLS_CERT'],
  ] as const) {
    if (isSet(environment, one) && !isSet(environment, other)) mistakes.push(`${one} is set but ${other} is not: write both, or neither.`);
  }
  const forceHttps = readSetting(environment, settings.http.forceHttps);
  if ((forceHttps ?? isProduction) && readSetting(environment, settings.http.publicUrl)?.startsWith('http:')) {
    const reason = forceHttps === undefined ? 'NODE_ENV is production' : 'FORCE_HTTPS is on';
    mistakes.push(`PUBLIC_URL begins with http:// but ${reason}: write https://, or set FORCE_HTTPS=off.`);
  }
  return mistakes;
}

/** @param path of the setting: its room and its name there. */
function mistakeSentence([room, field]: readonly PropertyKey[], message: string, environment: Environment): string {
  const row = settingRooms[String(room)]?.[String(field)]?.row;
  if (row === undefined) return `${message}.`;
  return `${row.name} is ${JSON.stringify(printable(row, textOf(environment, row.name) ?? ''))}: ${message}.`;
}

/** A database address may have been put into a variable that is not secret; its `@` or `://` gives it away. */
function printable(setting: Setting, text: string): string {
  if (setting.secret) return maskUrl(text);
  if (text.includes('@')) return '***';
  return (text.includes('://') ? maskUrl(text) : text).slice(0, 100);
}

function isSet(environment: Environment, name: string): boolean {
  return Boolean(environment[name]?.trim());
}

function configOf({ database, http, page, metrics, limits, general, ...rest }: SettingValues, isProduction: boolean): Config {
  const { certificate, key, forceHttps, ...others } = http;
  const { enabled, ...rates } = limits;
  const { brandName, brandLogo, brandColor, brandImage, terms, privacy, contact, appUrl } = page;
  return {
    ...rest,
    ...general,
    isProduction,
    database: databaseOf(database),
    http: { ...others, forceHttps: forceHttps ?? isProduction, tls: certificate && key ? { certificate, key } : undefined },
    page: {
      brand: { name: brandName, logoFile: brandLogo, color: brandColor, imageFile: brandImage },
      links: { terms, privacy, contact },
      appUrl,
    },
    metrics: metrics.port === undefined ? undefined : { host: metrics.host, port: metrics.port },
    limits: enabled ? rates : undefined,
  };
}

function databaseOf({ url, directUrl, directory, poolSize }: SettingValues['database']): EmbeddedDatabaseConfig | PostgresqlConfig {
  if (url === undefined) return { kind: 'embedded', directory };
  return { kind: 'postgresql', runtime: url.address, migrations: (directUrl ?? url).address, poolSize };
}

/** @returns warnings for the start-up log about settings that work but may not be intended; no secrets. */
export function configWarnings(config: Config, environment: Environment): string[] {
  const https = httpsWarnings(config);
  return config.database.kind === 'embedded' ? https : [...https, ...databaseWarnings(config.database, environment)];
}

function httpsWarnings({ isProduction, http: { forceHttps, tls, trustedProxies } }: Config): string[] {
  if (!forceHttps) {
    return isProduction && tls === undefined
      ? ['NODE_ENV is production and FORCE_HTTPS is off: plain HTTP is served, and passwords can be read on the way.']
      : [];
  }
  return tls === undefined && trustedProxies === undefined
    ? [
        'HTTPS is required, but nothing can show that a request came over it, so every request is redirected or refused: set TRUST_PROXY to the ' +
          'proxy that ends TLS, or TLS_CERT and TLS_KEY, or FORCE_HTTPS=off.',
      ]
    : [];
}

function databaseWarnings({ runtime, migrations }: PostgresqlConfig, environment: Environment): string[] {
  const warnings = ['DATABASE_URL', 'DIRECT_URL'].flatMap((name) => unusedParameterWarnings(name, environment));
  if (runtime.transactionPooler && !isSet(environment, 'DIRECT_URL')) {
    warnings.push(
      'DATABASE_URL leads to a transaction pooler and DIRECT_URL is not set, so migrations run through the pooler: ' +
        `set DIRECT_URL to ${directAddressAdvice(runtime)}.`,
    );
  }
  if (isExposed(runtime) || isExposed(migrations)) {
    warnings.push('Personal data travels to PostgreSQL in the clear (sslmode=disable): write sslmode=require or verify-full.');
  }
  return warnings;
}

function unusedParameterWarnings(name: string, environment: Environment): string[] {
  const reading = parsePostgresqlUrl(environment[name]?.trim() ?? '');
  const unused = 'address' in reading ? reading.unusedParameters : [];
  return unused.map((parameter) => `${name} has the parameter ${JSON.stringify(parameter)}, which has no effect.`);
}

function isExposed(address: PostgresqlAddress): boolean {
  return address.tls === false && ![address, ...(address.otherHosts ?? [])].every(({ host }) => isLocalHost(host));
}
