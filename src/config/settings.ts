import { z } from 'zod';
import { languages } from '../problems.ts';
import { rate, redisUrl } from './limit-kinds.ts';
import { origins } from './origins.ts';
import { brandName, color, contact, link } from './page-kinds.ts';
import { optionalSetting, type Setting, type SettingSchema, setting } from './setting.ts';
import {
  choice,
  duration,
  file,
  folder,
  listeningHost,
  onOrOff,
  phoneRegion,
  postgresqlUrl,
  publicUrl,
  timeZone,
  wholeNumber,
  wholeNumberOrOff,
} from './setting-kinds.ts';
import { trustedProxies } from './trusted-proxies.ts';

/**
 * All settings, in the order of the settings page and of reported errors. A row's place here is its place in `SettingValues`, and in `Config`
 * unless `readConfig` combines it with another.
 */
export const settings = {
  database: {
    url: optionalSetting(
      'DATABASE_URL',
      postgresqlUrl(),
      'The PostgreSQL database; without it the embedded database in `DATA_DIR` is used.',
      { secret: true },
    ),
    directUrl: optionalSetting(
      'DIRECT_URL',
      postgresqlUrl(),
      'The same database for migrations, where `DATABASE_URL` leads to a transaction pooler.',
      { secret: true },
    ),
    directory: setting('DATA_DIR', folder(), './data', 'The folder of the embedded database.'),
    poolSize: setting('DATABASE_POOL_SIZE', wholeNumber(1, 500), '10', 'How many connections to PostgreSQL one process may open.', {
      unit: 'connections',
    }),
  },
  http: {
    host: setting(
      'HOST',
      listeningHost(),
      '127.0.0.1',
      'The address on which the server listens; `0.0.0.0` or `::` for every network of the machine. `localhost` is `127.0.0.1`.',
    ),
    port: setting('PORT', wholeNumber(0, 65_535, '; 0 takes any free port'), '8000', 'The port on which the server listens.'),
    publicUrl: optionalSetting(
      'PUBLIC_URL',
      publicUrl(),
      'Where invited people reach the service; links to invitations begin with it, and without it there are none.',
    ),
    forceHttps: optionalSetting(
      'FORCE_HTTPS',
      onOrOff(),
      'Whether plain HTTP is redirected or refused; without it, yes where `NODE_ENV` is `production`, else no.',
    ),
    certificate: optionalSetting(
      'TLS_CERT',
      file('a PEM file'),
      'The certificate with which the server itself speaks HTTPS, followed by those of its authorities; it is read again after SIGHUP.',
    ),
    key: optionalSetting('TLS_KEY', file('a PEM file'), 'The private key of `TLS_CERT`, without a passphrase.'),
    corsOrigins: setting(
      'CORS_ORIGINS',
      origins(),
      'off',
      'The sites whose pages may call the sign-up from the browser, where they are not served from the same origin.',
    ),
    trustedProxies: setting(
      'TRUST_PROXY',
      trustedProxies(),
      'off',
      'Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; without it every client behind a proxy counts as one.',
    ),
  },
  page: {
    brandName: optionalSetting(
      'BRAND_NAME',
      brandName(),
      'The name of what people are invited to, on the sign-up page and in link previews.',
    ),
    brandLogo: optionalSetting(
      'BRAND_LOGO',
      file('an SVG or PNG file'),
      'The logo of the sign-up page, at most 100 kB; an SVG must hold no scripts and load nothing.',
    ),
    brandColor: optionalSetting('BRAND_COLOR', color(), 'The colour of the button and the progress bar of the sign-up page.'),
    brandImage: optionalSetting(
      'BRAND_IMAGE',
      file('a PNG or JPEG file'),
      'The picture that messengers show beside a link, at most 1 MB, twice as wide as high; it needs `PUBLIC_URL`.',
    ),
    terms: optionalSetting('TERMS_URL', link(), 'The terms of use, for a link at the foot of the sign-up page.'),
    privacy: optionalSetting('PRIVACY_URL', link(), 'The privacy policy, for a link at the foot of the sign-up page.'),
    contact: optionalSetting('CONTACT_URL', contact(), 'Where people ask for help, for a link at the foot of the sign-up page.'),
    appUrl: optionalSetting('APP_URL', link(), 'Where people go when they have signed up; the page leads to no other address.'),
  },
  process: {
    workers: setting('WEB_CONCURRENCY', wholeNumber(1, 64), '1', 'How many processes share the port, on PostgreSQL only.', {
      unit: 'processes',
    }),
    stopDelaySeconds: setting(
      'STOP_DELAY',
      duration('0s', '5m', 1, '5s or 20s'),
      '0s',
      'How long a server that was told to stop still takes requests while `/readyz` refuses, so that a balancer notices first.',
      { unit: 'seconds' },
    ),
  },
  metrics: {
    port: setting(
      'METRICS_PORT',
      wholeNumberOrOff(0, 65_535),
      'off',
      'The port on which `/metrics` is answered without a key, beside the one on the service itself that needs one.',
    ),
    host: setting(
      'METRICS_HOST',
      listeningHost(),
      '127.0.0.1',
      'The address on which `METRICS_PORT` is listened on, whatever `HOST` is; set it where your scraper comes from elsewhere.',
    ),
  },
  limits: {
    enabled: setting('RATE_LIMIT', onOrOff(), 'on', 'Whether requests are limited; `off` where a gateway in front does it.'),
    verify: setting('RATE_LIMIT_VERIFY', rate(), '600/10m', 'How many codes one address (IPv6: one /64) may verify.'),
    signUp: setting(
      'RATE_LIMIT_SIGN_UP',
      rate(),
      '2000/10m',
      'How many other requests of signing up may come from one address (IPv6: one /64).',
    ),
    session: setting('RATE_LIMIT_SESSION', rate(), '60/10m', 'How many requests one sign-up may make.'),
    passwords: setting(
      'RATE_LIMIT_PASSWORDS',
      rate(),
      '400/10m',
      'How many passwords may be set from one address (IPv6: one /64); each takes a core for a quarter of a second or so.',
    ),
    sessionPasswords: setting('RATE_LIMIT_SESSION_PASSWORDS', rate(), '10/10m', 'How often one sign-up may set its password.'),
    guesses: setting(
      'RATE_LIMIT_GUESSES',
      rate(),
      '1000/10m',
      'How many codes may be wrong in total before each address gets only 30 wrong ones.',
    ),
    operatorKeys: setting(
      'RATE_LIMIT_OPERATOR_KEYS',
      rate(),
      '20/10m',
      'How many wrong operator keys may come from one address (IPv6: one /64).',
    ),
    redisUrl: optionalSetting('REDIS_URL', redisUrl(), 'The Redis in which requests are counted, in place of PostgreSQL or this process.', {
      secret: true,
    }),
  },
  registration: {
    sessionSeconds: setting(
      'SESSION_TTL',
      duration('1m', '24h', 1000, '30m, 1800s or 2h'),
      '30m',
      'How long an unfinished sign-up lives after its last step; with several seats 5 minutes at most until the first.',
      { unit: 'seconds' },
    ),
    minimumAge: setting('MIN_AGE', wholeNumberOrOff(1, 120), 'off', 'The age that a person must have reached to sign up.', {
      unit: 'years',
    }),
    phoneRegion: setting('PHONE_REGION', phoneRegion(), 'KR', 'The region whose phone numbers may be typed without a country code.'),
    phoneUnique: setting('PHONE_UNIQUE', onOrOff(), 'off', 'Whether a phone number may have one account only; existing accounts count.'),
    timeZone: setting(
      'TIME_ZONE',
      timeZone(),
      'Asia/Seoul',
      'The zone whose days count: for what is today where a birthday is checked, and for the days of the funnel.',
    ),
  },
  passwords: {
    minimumLength: setting('PASSWORD_MIN_LENGTH', wholeNumber(8, 64), '8', 'The shortest password that is accepted.', {
      unit: 'characters',
    }),
    maximumWaitSeconds: setting(
      'PASSWORD_WAIT',
      duration('100ms', '60s', 1, '2s or 500ms'),
      '2s',
      'How long a request may wait for its password to be hashed before it is refused with 503.',
      { unit: 'seconds' },
    ),
    bcryptCost: setting('BCRYPT_COST', wholeNumber(10, 15), '12', 'The cost of hashing a password: each step doubles the time.', {
      unit: '2ⁿ rounds',
    }),
  },
  retention: {
    eventSeconds: setting(
      'EVENTS_RETENTION',
      duration('1d', '100y', 1000, '400d or 2y'),
      '400d',
      'How long sign-ups that ended are kept for the funnel, without personal data.',
      { unit: 'seconds' },
    ),
    auditSeconds: setting(
      'AUDIT_RETENTION',
      duration('1y', '100y', 1000, '2y or 800d'),
      '2y',
      'How long the audit log of operators is kept.',
      { unit: 'seconds' },
    ),
  },
  general: {
    defaultLanguage: setting(
      'DEFAULT_LANGUAGE',
      choice(languages),
      'ko',
      'The language of the answers where a request asks for none that exists.',
    ),
    logLevel: setting(
      'LOG_LEVEL',
      choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
      'info',
      'The least important lines that are still logged.',
    ),
  },
};

/** The same without the types of the values. */
export const settingRooms: Readonly<Record<string, Readonly<Record<string, SettingSchema<unknown>>>>> = { ...settings };

export const settingRows: readonly Setting[] = Object.values(settingRooms).flatMap((room) => Object.values(room).map(({ row }) => row));

/** Reads all settings at once; the input has the text of each variable, undefined if it is not set, at the place of its row. */
export const settingsSchema = z.object({
  database: z.object(settings.database),
  http: z.object(settings.http),
  page: z.object(settings.page),
  process: z.object(settings.process),
  metrics: z.object(settings.metrics),
  limits: z.object(settings.limits),
  registration: z.object(settings.registration),
  passwords: z.object(settings.passwords),
  retention: z.object(settings.retention),
  general: z.object(settings.general),
});

export type SettingValues = z.output<typeof settingsSchema>;
