import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ConfigError, configWarnings, type Environment, readConfig } from './read-config.ts';
import { settingRows } from './settings.ts';

const direct = 'postgresql://ann:secret@db.example:5432/app';
const pooler = 'postgresql://postgres.abcdef:secret@aws-0.pooler.supabase.com:6543/postgres';

function mistakesOf(environment: Environment): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.mistakes;
  }
  return [];
}

test('without variables the defaults apply', () => {
  assert.deepEqual(readConfig({}), {
    database: { kind: 'embedded', directory: resolve('data') },
    http: {
      host: '127.0.0.1',
      port: 8000,
      publicUrl: undefined,
      trustedProxies: undefined,
      forceHttps: false,
      tls: undefined,
      corsOrigins: [],
    },
    page: {
      brand: { name: undefined, logoFile: undefined, color: undefined, imageFile: undefined },
      links: { terms: undefined, privacy: undefined, contact: undefined },
      appUrl: undefined,
    },
    isProduction: false,
    process: { workers: 1, stopDelaySeconds: 0 },
    metrics: undefined,
    passwords: { bcryptCost: 12, minimumLength: 8, maximumWaitSeconds: 2 },
    registration: { sessionSeconds: 1800, minimumAge: undefined, phoneRegion: 'KR', phoneUnique: false, timeZone: 'Asia/Seoul' },
    retention: { eventSeconds: 34_560_000, auditSeconds: 63_115_200 },
    limits: {
      signUp: { count: 2000, seconds: 600 },
      verify: { count: 600, seconds: 600 },
      session: { count: 60, seconds: 600 },
      passwords: { count: 400, seconds: 600 },
      sessionPasswords: { count: 10, seconds: 600 },
      guesses: { count: 1000, seconds: 600 },
      operatorKeys: { count: 20, seconds: 600 },
      redisUrl: undefined,
    },
    defaultLanguage: 'ko',
    logLevel: 'info',
  });
});

test('HTTPS is required in production unless it is turned off explicitly', () => {
  const forced = (environment: Environment) => readConfig(environment).http.forceHttps;
  assert.deepEqual([forced({}), forced({ NODE_ENV: 'test' }), forced({ NODE_ENV: 'production' })], [false, false, true]);
  assert.equal(forced({ NODE_ENV: 'production', FORCE_HTTPS: 'off' }), false);
  assert.equal(forced({ NODE_ENV: 'production', FORCE_HTTPS: ' ' }), true);
});

test('paths of a certificate and its key are relative to the working folder', () => {
  const { tls } = readConfig({ TLS_CERT: 'tls/cert.pem', TLS_KEY: '/etc/key.pem' }).http;
  assert.deepEqual(tls, { certificate: resolve('tls/cert.pem'), key: '/etc/key.pem' });
});

test('several processes may share a PostgreSQL database', () => {
  assert.equal(readConfig({ DATABASE_URL: direct, WEB_CONCURRENCY: '4' }).process.workers, 4);
});

test('metrics are served at their own address if it is set', () => {
  assert.deepEqual(readConfig({ HOST: '0.0.0.0', METRICS_PORT: '9464' }).metrics, { host: '127.0.0.1', port: 9464 });
  const own = { HOST: '127.0.0.1', METRICS_HOST: '10.0.0.5', METRICS_PORT: '9464' };
  assert.deepEqual(readConfig(own).metrics, { host: '10.0.0.5', port: 9464 });
  for (const HOST of ['0.0.0.0', '::', '192.0.2.1']) {
    assert.equal(readConfig({ HOST, METRICS_PORT: '9464', WEB_CONCURRENCY: '4', DATABASE_URL: direct }).metrics?.host, '127.0.0.1');
  }
});

test('an empty or blank text counts as not set', () => {
  const blank = Object.fromEntries(settingRows.map(({ name }, index) => [name, index % 2 === 0 ? '' : ' \t']));
  assert.deepEqual(readConfig(blank), readConfig({}));
});

test('a PostgreSQL address replaces the embedded database', () => {
  const { database } = readConfig({ DATABASE_URL: ` ${direct} `, DATABASE_POOL_SIZE: '3' });
  assert.ok(database.kind === 'postgresql');
  assert.equal(database.runtime.host, 'db.example');
  assert.deepEqual(database.migrations, database.runtime);
  assert.equal(database.poolSize, 3);
});

test('migrations run at the direct address', () => {
  const { database } = readConfig({ DATABASE_URL: pooler, DIRECT_URL: direct });
  assert.ok(database.kind === 'postgresql');
  assert.equal(database.runtime.transactionPooler, true);
  assert.equal(database.migrations.host, 'db.example');
});

const good: readonly (readonly [
  name: string,
  text: string,
  read: (config: ReturnType<typeof readConfig>) => unknown,
  expected: unknown,
])[] = [
  ['PORT', '0', ({ http }) => http.port, 0],
  ['PORT', ' 65535 ', ({ http }) => http.port, 65_535],
  ['HOST', '::', ({ http }) => http.host, '::'],
  ['HOST', 'my-host.example', ({ http }) => http.host, 'my-host.example'],
  ['PUBLIC_URL', 'https://Beta.Example.com/', ({ http }) => http.publicUrl, 'https://beta.example.com'],
  ['PUBLIC_URL', 'https://example.com:8443/beta//', ({ http }) => http.publicUrl, 'https://example.com:8443/beta'],
  ['FORCE_HTTPS', 'on', ({ http }) => http.forceHttps, true],
  ['CORS_ORIGINS', 'OFF', ({ http }) => http.corsOrigins, []],
  [
    'CORS_ORIGINS',
    'https://App.Example.com, http://localhost:5173 https://app.example.com:443',
    ({ http }) => http.corsOrigins,
    ['https://app.example.com', 'http://localhost:5173'],
  ],
  ['BCRYPT_COST', '15', ({ passwords }) => passwords.bcryptCost, 15],
  ['SESSION_TTL', '1800s', ({ registration }) => registration.sessionSeconds, 1800],
  ['SESSION_TTL', '90', ({ registration }) => registration.sessionSeconds, 90],
  ['SESSION_TTL', '1.5h', ({ registration }) => registration.sessionSeconds, 5400],
  ['SESSION_TTL', '24h', ({ registration }) => registration.sessionSeconds, 86_400],
  ['SESSION_TTL', '1m', ({ registration }) => registration.sessionSeconds, 60],
  ['STOP_DELAY', '5s', (config) => config.process.stopDelaySeconds, 5],
  ['METRICS_PORT', '9464', ({ metrics }) => metrics, { host: '127.0.0.1', port: 9464 }],
  ['METRICS_PORT', 'off', ({ metrics }) => metrics, undefined],
  ['EVENTS_RETENTION', '1d', ({ retention }) => retention.eventSeconds, 86_400],
  ['AUDIT_RETENTION', '1y', ({ retention }) => retention.auditSeconds, 31_557_600],
  ['PASSWORD_WAIT', '500ms', ({ passwords }) => passwords.maximumWaitSeconds, 0.5],
  ['PASSWORD_WAIT', '3', ({ passwords }) => passwords.maximumWaitSeconds, 3],
  ['PASSWORD_MIN_LENGTH', '64', ({ passwords }) => passwords.minimumLength, 64],
  ['MIN_AGE', '14', ({ registration }) => registration.minimumAge, 14],
  ['MIN_AGE', 'OFF', ({ registration }) => registration.minimumAge, undefined],
  ['PHONE_REGION', 'us', ({ registration }) => registration.phoneRegion, 'US'],
  ['PHONE_UNIQUE', 'On', ({ registration }) => registration.phoneUnique, true],
  ['PHONE_UNIQUE', 'true', ({ registration }) => registration.phoneUnique, true],
  ['PHONE_UNIQUE', '1', ({ registration }) => registration.phoneUnique, true],
  ['PHONE_UNIQUE', 'false', ({ registration }) => registration.phoneUnique, false],
  ['PHONE_UNIQUE', '0', ({ registration }) => registration.phoneUnique, false],
  ['TIME_ZONE', 'America/Los_Angeles', ({ registration }) => registration.timeZone, 'America/Los_Angeles'],
  ['DEFAULT_LANGUAGE', 'EN', ({ defaultLanguage }) => defaultLanguage, 'en'],
  ['LOG_LEVEL', 'silent', ({ logLevel }) => logLevel, 'silent'],
  ['DATA_DIR', '/var/lib/chodae', ({ database }) => database, { kind: 'embedded', directory: '/var/lib/chodae' }],
];

for (const [name, text, read, expected] of good) {
  test(`${name}="${text}" is read`, () => assert.deepEqual(read(readConfig({ [name]: text })), expected));
}

const bad: readonly (readonly [name: string, ...texts: string[]])[] = [
  ['PORT', '-1', '65536', '80a', '8e3', '0x50', '80.5', '99999999999999999999'],
  ['HOST', 'http://127.0.0.1', '127.0.0.1:8000', '[::1]', 'a b'],
  ['PUBLIC_URL', 'example.com', 'https://example.com/?port=1', 'https://example.com/#a'],
  ['FORCE_HTTPS', 'yes', 'production'],
  ['DATABASE_POOL_SIZE', '0', '501', 'many'],
  ['BCRYPT_COST', '9', '16', '12.5'],
  ['SESSION_TTL', '59s', '25h', '-30m', 'soon', '30 bananas', '60500ms', '99999999999', `${'9'.repeat(120)}s`],
  ['WEB_CONCURRENCY', '0', '65', 'auto'],
  ['STOP_DELAY', '6m', '-1s'],
  ['METRICS_PORT', '65536', 'on'],
  ['METRICS_HOST', 'http://127.0.0.1'],
  ['EVENTS_RETENTION', '23h', '101y', 'for ever'],
  // The law obliges a Korean operator to keep the log for at least a year.
  ['AUDIT_RETENTION', '364d', '11 months', '101y', 'off'],
  ['PASSWORD_MIN_LENGTH', '7', '65'],
  ['PASSWORD_WAIT', '0', '61s', '0.5ms'],
  ['MIN_AGE', '0', '121', 'on'],
  ['PHONE_REGION', 'XX', 'Korea', '82'],
  ['PHONE_UNIQUE', 'yes', '2'],
  ['TIME_ZONE', 'Mars/Olympus', '+09:00', 'KST'],
  ['DEFAULT_LANGUAGE', 'fr'],
  ['LOG_LEVEL', 'loud'],
  ['DATA_DIR', '~/chodae'],
];

for (const [name, ...texts] of bad) {
  for (const text of texts) {
    test(`${name}="${text.slice(0, 20)}" is refused with the given value and what to write`, () => {
      const { write } = settingRows.find((setting) => setting.name === name) ?? assert.fail();
      const [mistake = '', ...more] = mistakesOf({ [name]: text });
      assert.deepEqual(more, []);
      assert.ok(mistake.startsWith(`${name} is "${text.slice(0, 100)}": write ${write}`), mistake);
      assert.ok(mistake.endsWith('.'));
    });
  }
}

test('an address of another kind, or with a user, is refused without being shown', () => {
  for (const text of ['ftp://example.com', 'https://me@example.com', 'https://me:secret@example.com']) {
    const [mistake = '', ...more] = mistakesOf({ PUBLIC_URL: text });
    assert.deepEqual(more, []);
    assert.match(mistake, /^PUBLIC_URL is "\*\*\*": write https:\/\/HOST/);
  }
});

test('all mistakes are reported at once, in the order of the table', () => {
  const mistakes = mistakesOf({ LOG_LEVEL: 'loud', PORT: 'x', DATABASE_URL: 'mysql://ann:secret@db.example/app' });
  assert.deepEqual(
    mistakes.map((mistake) => mistake.split(' ')[0]),
    ['DATABASE_URL', 'PORT', 'LOG_LEVEL'],
  );
  assert.match(mistakes[0] ?? '', /"mysql:\/\/ann:\*\*\*@db\.example\/app"/);
});

const crossed: readonly (readonly [what: string, environment: Environment, expected: RegExp])[] = [
  ['DIRECT_URL alone', { DIRECT_URL: direct }, /^DIRECT_URL is set but DATABASE_URL is not/],
  [
    "Supabase's pooler as DIRECT_URL",
    { DATABASE_URL: pooler, DIRECT_URL: pooler },
    /migrations need the direct address db\.abcdef\.supabase\.co:5432/,
  ],
  ['another pooler as DIRECT_URL', { DATABASE_URL: direct, DIRECT_URL: `${direct}?pgbouncer=true` }, /the PostgreSQL server itself/],
  [
    'several processes on the embedded database',
    { WEB_CONCURRENCY: '4' },
    /^WEB_CONCURRENCY \(--workers\) is 4, but the embedded database/,
  ],
  ['one port for two servers', { PORT: '9464', METRICS_PORT: '9464' }, /^METRICS_PORT and PORT are both 9464/],
  ['a certificate without its key', { TLS_CERT: 'a.pem' }, /^TLS_CERT is set but TLS_KEY is not/],
  ['a key without its certificate', { TLS_KEY: 'a.pem' }, /^TLS_KEY is set but TLS_CERT is not/],
  [
    'a certificate at a path that only a shell expands',
    { TLS_CERT: '~/a.pem', TLS_KEY: 'b.pem' },
    /^TLS_CERT is "~\/a\.pem": write the path/,
  ],
  [
    'http:// links although HTTPS is required',
    { FORCE_HTTPS: 'on', PUBLIC_URL: 'http://a.example' },
    /^PUBLIC_URL begins with http.*FORCE_HTTPS is on/,
  ],
  ['the same in production', { NODE_ENV: 'production', PUBLIC_URL: 'http://a.example' }, /NODE_ENV is production/],
  ['two schemas', { DATABASE_URL: direct, DIRECT_URL: `${direct}?schema=other` }, /different schemas/],
  ['a mistaken DATABASE_URL beside a good DIRECT_URL', { DATABASE_URL: 'x', DIRECT_URL: direct }, /^DATABASE_URL is "\*\*\*"/],
];

for (const [what, environment, expected] of crossed) {
  test(`${what} is a mistake`, () => {
    const mistakes = mistakesOf(environment);
    assert.equal(mistakes.length, 1, mistakes.join('\n'));
    assert.match(mistakes[0] ?? '', expected);
  });
}

test('the schema public may be given in one address and missing in the other', () => {
  assert.deepEqual(mistakesOf({ DATABASE_URL: pooler, DIRECT_URL: `${direct}?schema=public` }), []);
});

const warned: readonly (readonly [what: string, environment: Environment, ...expected: RegExp[]])[] = [
  ['the embedded database', {}],
  ['production behind a proxy', { NODE_ENV: 'production', TRUST_PROXY: 'loopback' }],
  ['production without HTTPS', { NODE_ENV: 'production', FORCE_HTTPS: 'off' }, /^NODE_ENV is production and FORCE_HTTPS is off/],
  ['HTTPS required, without anything that detects it', { FORCE_HTTPS: 'on' }, /^HTTPS is required, but nothing can show/],
  ['production without anything that detects HTTPS', { NODE_ENV: 'production', DATABASE_URL: direct }, /set TRUST_PROXY/],
  ['a certificate of its own', { FORCE_HTTPS: 'on', TLS_CERT: 'a.pem', TLS_KEY: 'b.pem' }],
  ['a direct address', { DATABASE_URL: direct }],
  ['a pooler with a direct address', { DATABASE_URL: pooler, DIRECT_URL: direct }],
  ['a pooler alone', { DATABASE_URL: pooler }, /^DATABASE_URL leads to a transaction pooler.*db\.abcdef\.supabase\.co:5432/],
  ['a pooler and an empty DIRECT_URL', { DATABASE_URL: pooler, DIRECT_URL: ' ' }, /DIRECT_URL is not set/],
  ['a parameter without effect', { DATABASE_URL: `${direct}?options=x` }, /DATABASE_URL has the parameter "options", which has no effect/],
  ['an unencrypted connection', { DATABASE_URL: `${direct}?sslmode=disable` }, /in the clear/],
  ['an unencrypted connection on this machine', { DATABASE_URL: 'postgresql://ann@localhost/app?sslmode=disable' }],
];

for (const [what, environment, ...expected] of warned) {
  test(`${what} gives ${expected.length} warning(s)`, () => {
    const warnings = configWarnings(readConfig(environment), environment);
    assert.equal(warnings.length, expected.length, warnings.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(warnings[index] ?? '', pattern);
  });
}
