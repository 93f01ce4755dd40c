import { rate, redisUrl } from './limit-kinds.ts';
import {
  choice,
  duration,
  folder,
  listeningHost,
  onOrOff,
  phoneRegion,
  postgresqlUrl,
  publicUrl,
  type SettingKind,
  timeZone,
  wholeNumber,
  wholeNumberOrOff,
} from './setting-kinds.ts';
import { trustedProxies } from './trusted-proxies.ts';

/** One environment variable that the program reads. */
export interface Setting<Name extends string = string, Value = unknown, Default = string | undefined> extends SettingKind<Value> {
  readonly name: Name;
  /** As the operator would write it; undefined: not set. */
  readonly default: Default;
  /** One sentence for the page of settings. */
  readonly meaning: string;
  /** What a number counts, where there is something to count. */
  readonly unit?: string;
  /** A secret is shown in no sentence. */
  readonly secret: boolean;
}

/** Keeps the name and the kind of value in the type, so that reading the table gives typed values. */
function setting<const Name extends string, Value, const Default extends string | undefined>(
  entry: Setting<Name, Value, Default>,
): Setting<Name, Value, Default> {
  return entry;
}

/** Every setting, in the order in which the page of settings shows them and mistakes are reported. */
export const settings = [
  setting({
    name: 'DATABASE_URL',
    default: undefined,
    meaning: 'The PostgreSQL database; without it the embedded database in `DATA_DIR` is used.',
    secret: true,
    ...postgresqlUrl(),
  }),
  setting({
    name: 'DIRECT_URL',
    default: undefined,
    meaning: 'The same database for migrations, where `DATABASE_URL` leads to a transaction pooler.',
    secret: true,
    ...postgresqlUrl(),
  }),
  setting({
    name: 'DATA_DIR',
    default: './data',
    meaning: 'Where the embedded database is kept.',
    secret: false,
    ...folder(),
  }),
  setting({
    name: 'HOST',
    default: '127.0.0.1',
    meaning: 'The address on which the server listens; `0.0.0.0` or `::` for every network of the machine.',
    secret: false,
    ...listeningHost(),
  }),
  setting({
    name: 'PORT',
    default: '8000',
    meaning: 'The port on which the server listens.',
    secret: false,
    ...wholeNumber(0, 65_535, '; 0 takes any free port'),
  }),
  setting({
    name: 'PUBLIC_URL',
    default: undefined,
    meaning: 'Where invited people reach the service; links to invitations begin with it, and without it there are none.',
    secret: false,
    ...publicUrl(),
  }),
  setting({
    name: 'WEB_CONCURRENCY',
    default: '1',
    meaning: 'How many processes share the port, on PostgreSQL only.',
    unit: 'processes',
    secret: false,
    ...wholeNumber(1, 64),
  }),
  setting({
    name: 'STOP_DELAY',
    default: '0s',
    meaning: 'How long a server that was told to stop still takes requests while `/readyz` refuses, so that a balancer notices first.',
    unit: 'seconds',
    secret: false,
    ...duration('0s', '5m', 1, '5s or 20s'),
  }),
  setting({
    name: 'METRICS_PORT',
    default: 'off',
    meaning: 'The port on which `/metrics` is answered without a key, beside the one on the service itself that needs one.',
    secret: false,
    ...wholeNumberOrOff(0, 65_535),
  }),
  setting({
    name: 'METRICS_HOST',
    default: undefined,
    meaning: 'The address on which `METRICS_PORT` is listened on; without it, that of `HOST`.',
    secret: false,
    ...listeningHost(),
  }),
  setting({
    name: 'TRUST_PROXY',
    default: 'off',
    meaning: 'Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; without it every client behind a proxy counts as one.',
    secret: false,
    ...trustedProxies(),
  }),
  setting({
    name: 'RATE_LIMIT',
    default: 'on',
    meaning: 'Whether requests are limited; `off` where a gateway in front does it.',
    secret: false,
    ...onOrOff(),
  }),
  setting({
    name: 'RATE_LIMIT_VERIFY',
    default: '600/10m',
    meaning: 'How many codes one address (IPv6: one /64) may verify.',
    secret: false,
    ...rate(),
  }),
  setting({
    name: 'RATE_LIMIT_SIGN_UP',
    default: '2000/10m',
    meaning: 'How many other requests of signing up may come from one address (IPv6: one /64).',
    secret: false,
    ...rate(),
  }),
  setting({
    name: 'RATE_LIMIT_SESSION',
    default: '60/10m',
    meaning: 'How many requests one sign-up may make.',
    secret: false,
    ...rate(),
  }),
  setting({
    name: 'RATE_LIMIT_GUESSES',
    default: '1000/10m',
    meaning: 'How many codes may be wrong, of everybody together, before addresses without a right one may try ten only.',
    secret: false,
    ...rate(),
  }),
  setting({
    name: 'RATE_LIMIT_OPERATOR_KEYS',
    default: '20/10m',
    meaning: 'How many wrong operator keys may come from one address (IPv6: one /64).',
    secret: false,
    ...rate(),
  }),
  setting({
    name: 'REDIS_URL',
    default: undefined,
    meaning: 'The Redis in which requests are counted, in place of PostgreSQL or this process.',
    secret: true,
    ...redisUrl(),
  }),
  setting({
    name: 'DATABASE_POOL_SIZE',
    default: '10',
    meaning: 'How many connections to PostgreSQL one process may open.',
    unit: 'connections',
    secret: false,
    ...wholeNumber(1, 500),
  }),
  setting({
    name: 'BCRYPT_COST',
    default: '12',
    meaning: 'The cost of hashing a password: each step doubles the time.',
    unit: '2ⁿ rounds',
    secret: false,
    ...wholeNumber(10, 15),
  }),
  setting({
    name: 'SESSION_TTL',
    default: '30m',
    meaning: 'How long an unfinished sign-up lives after its last step.',
    unit: 'seconds',
    secret: false,
    ...duration('1m', '24h', 1000, '30m, 1800s or 2h'),
  }),
  setting({
    name: 'EVENTS_RETENTION',
    default: '400d',
    meaning: 'How long the events of the funnel are kept, which hold no personal data.',
    unit: 'seconds',
    secret: false,
    ...duration('1d', '100y', 1000, '400d or 2y'),
  }),
  setting({
    name: 'AUDIT_RETENTION',
    default: '2y',
    meaning: 'How long the audit log of operators is kept.',
    unit: 'seconds',
    secret: false,
    ...duration('1y', '100y', 1000, '2y or 800d'),
  }),
  setting({
    name: 'PASSWORD_MIN_LENGTH',
    default: '8',
    meaning: 'The shortest password that is accepted.',
    unit: 'characters',
    secret: false,
    ...wholeNumber(8, 64),
  }),
  setting({
    name: 'PASSWORD_WAIT',
    default: '2s',
    meaning: 'How long a request may wait for its password to be hashed before it is refused with 503.',
    unit: 'seconds',
    secret: false,
    ...duration('100ms', '60s', 1, '2s or 500ms'),
  }),
  setting({
    name: 'MIN_AGE',
    default: 'off',
    meaning: 'The age that a person must have reached to sign up.',
    unit: 'years',
    secret: false,
    ...wholeNumberOrOff(1, 120),
  }),
  setting({
    name: 'PHONE_REGION',
    default: 'KR',
    meaning: 'The region whose phone numbers may be typed without a country code.',
    secret: false,
    ...phoneRegion(),
  }),
  setting({
    name: 'PHONE_UNIQUE',
    default: 'off',
    meaning: 'Whether a phone number may have one account only.',
    secret: false,
    ...onOrOff(),
  }),
  setting({
    name: 'TIME_ZONE',
    default: 'Asia/Seoul',
    meaning: 'The zone whose days count: for what is today where a birthday is checked, and for the days of the funnel.',
    secret: false,
    ...timeZone(),
  }),
  setting({
    name: 'DEFAULT_LANGUAGE',
    default: 'ko',
    meaning: 'The language of the answers where a request asks for none that exists.',
    secret: false,
    ...choice(['ko', 'en']),
  }),
  setting({
    name: 'LOG_LEVEL',
    default: 'info',
    meaning: 'The least important lines that are still logged.',
    secret: false,
    ...choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
  }),
] as const;

/** Every setting by its name: what its text means, or undefined where it is neither set nor has a default. */
export type SettingValues = {
  readonly [Entry in (typeof settings)[number] as Entry['name']]: Entry extends Setting<string, infer Value, infer Default>
    ? undefined extends Default
      ? Value | undefined
      : Value
    : never;
};
