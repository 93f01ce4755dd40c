import type { Config, EmbeddedDatabaseConfig, LimitsConfig, PostgresqlAddress, PostgresqlConfig } from './config.ts';
import { maskUrl } from './mask-url.ts';
import { directAddressAdvice, parsePostgresqlUrl } from './postgresql-address.ts';
import { isLocalHost } from './postgresql-tls.ts';
import type { Setting } from './setting.ts';
import { type SettingValues, settings } from './settings.ts';

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
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (const setting of settings) {
    const text = environment[setting.name]?.trim() || setting.default;
    const reading = text === undefined ? undefined : setting.schema.safeParse(text);
    if (text !== undefined && reading?.error) mistakes.push(...sentences(setting, text, reading.error.issues));
    values[setting.name] = reading?.data;
  }
  mistakes.push(...migrationMistakes(values as Partial<SettingValues>, isSet(environment, 'DATABASE_URL')));
  mistakes.push(...processMistakes(values as Partial<SettingValues>, isSet(environment, 'DATABASE_URL')));
  const isProduction = environment.NODE_ENV?.trim() === 'production';
  mistakes.push(...httpsMistakes(values as Partial<SettingValues>, isProduction, (name) => isSet(environment, name)));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return configOf(values as SettingValues, isProduction);
}

/** Checks that involve several settings. An invalid setting has been reported and is missing here. */
function migrationMistakes(values: Partial<SettingValues>, hasDatabaseUrl: boolean): string[] {
  const runtime = values.DATABASE_URL?.address;
  const migrations = values.DIRECT_URL?.address;
  if (migrations === undefined) return [];
  const mistakes: string[] = [];
  if (!hasDatabaseUrl) mistakes.push('DIRECT_URL is set but DATABASE_URL is not: write DATABASE_URL as well, or remove DIRECT_URL.');
  if (migrations.transactionPooler) {
    mistakes.push(`DIRECT_URL leads to a transaction pooler, but migrations need ${directAddressAdvice(migrations)}: write that address.`);
  }
  if (runtime !== undefined && (runtime.schema ?? 'public') !== (migrations.schema ?? 'public')) {
    mistakes.push('DATABASE_URL and DIRECT_URL name different schemas: write the same schema in both.');
  }
  return mistakes;
}

function processMistakes(values: Partial<SettingValues>, hasDatabaseUrl: boolean): string[] {
  const { WEB_CONCURRENCY = 1, METRICS_PORT, PORT } = values;
  const mistakes: string[] = [];
  if (WEB_CONCURRENCY > 1 && !hasDatabaseUrl) {
    mistakes.push(
      `WEB_CONCURRENCY (--workers) is ${WEB_CONCURRENCY}, but the embedded database can be opened by one process only: ` +
        'set DATABASE_URL to a PostgreSQL server, or leave it at 1.',
    );
  }
  if (METRICS_PORT !== undefined && METRICS_PORT !== 0 && METRICS_PORT === PORT) {
    mistakes.push(`METRICS_PORT and PORT are both ${PORT}: write another port in one of them.`);
  }
  return mistakes;
}

/** @param isGiven whether a setting is set at all; an invalid one is, and has been reported. */
function httpsMistakes(values: Partial<SettingValues>, isProduction: boolean, isGiven: (name: string) => boolean): string[] {
  const mistakes: string[] = [];
  for (const [one, other] of [
    ['TLS_CERT', 'TLS_KEY'],
    ['TLS_KEY', 'TLS_CERT'],
  ] as const) {
    if (isGiven(one) && !isGiven(other)) mistakes.push(`${one} is set but ${other} is not: write both, or neither.`);
  }
  if ((values.FORCE_HTTPS ?? isProduction) && values.PUBLIC_URL?.startsWith('http:')) {
    const reason = values.FORCE_HTTPS === undefined ? 'NODE_ENV is production' : 'FORCE_HTTPS is on';
    mistakes.push(`PUBLIC_URL begins with http:// but ${reason}: write https://, or set FORCE_HTTPS=off.`);
  }
  return mistakes;
}

function sentences(setting: Setting, text: string, issues: readonly { readonly message: string }[]): string[] {
  const shown = JSON.stringify(printable(setting, text));
  return [...new Set(issues.map((issue) => `${setting.name} is ${shown}: ${issue.message}.`))];
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

function configOf(values: SettingValues, isProduction: boolean): Config {
  return {
    database: databaseOf(values),
    http: {
      host: values.HOST,
      port: values.PORT,
      publicUrl: values.PUBLIC_URL,
      trustedProxies: values.TRUST_PROXY,
      forceHttps: values.FORCE_HTTPS ?? isProduction,
      tls: values.TLS_CERT && values.TLS_KEY ? { certificate: values.TLS_CERT, key: values.TLS_KEY } : undefined,
      corsOrigins: values.CORS_ORIGINS,
    },
    isProduction,
    process: { workers: values.WEB_CONCURRENCY, stopDelaySeconds: values.STOP_DELAY },
    metrics: values.METRICS_PORT === undefined ? undefined : { host: values.METRICS_HOST, port: values.METRICS_PORT },
    passwords: {
      bcryptCost: values.BCRYPT_COST,
      minimumLength: values.PASSWORD_MIN_LENGTH,
      maximumWaitSeconds: values.PASSWORD_WAIT,
    },
    registration: {
      sessionSeconds: values.SESSION_TTL,
      minimumAge: values.MIN_AGE,
      phoneRegion: values.PHONE_REGION,
      phoneUnique: values.PHONE_UNIQUE,
      timeZone: values.TIME_ZONE,
    },
    retention: { eventSeconds: values.EVENTS_RETENTION, auditSeconds: values.AUDIT_RETENTION },
    limits: values.RATE_LIMIT ? limitsOf(values) : undefined,
    defaultLanguage: values.DEFAULT_LANGUAGE,
    logLevel: values.LOG_LEVEL,
  };
}

function limitsOf(values: SettingValues): LimitsConfig {
  return {
    signUp: values.RATE_LIMIT_SIGN_UP,
    verify: values.RATE_LIMIT_VERIFY,
    session: values.RATE_LIMIT_SESSION,
    passwords: values.RATE_LIMIT_PASSWORDS,
    sessionPasswords: values.RATE_LIMIT_SESSION_PASSWORDS,
    guesses: values.RATE_LIMIT_GUESSES,
    operatorKeys: values.RATE_LIMIT_OPERATOR_KEYS,
    redisUrl: values.REDIS_URL,
  };
}

function databaseOf(values: SettingValues): EmbeddedDatabaseConfig | PostgresqlConfig {
  const runtime = values.DATABASE_URL?.address;
  if (runtime === undefined) return { kind: 'embedded', directory: values.DATA_DIR };
  const migrations = values.DIRECT_URL?.address ?? runtime;
  return { kind: 'postgresql', runtime, migrations, poolSize: values.DATABASE_POOL_SIZE };
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
