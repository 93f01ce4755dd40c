import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostgresqlAddress } from './config.ts';
import { directAddressAdvice, parsePostgresqlUrl } from './postgresql-address.ts';

const plain: PostgresqlAddress = {
  host: 'db.example',
  port: 5432,
  user: 'ann',
  password: 'secret',
  database: 'app',
  tls: { verify: false },
  transactionPooler: false,
};

const good: readonly (readonly [what: string, url: string, expected: PostgresqlAddress])[] = [
  ['everything written', 'postgresql://ann:secret@db.example:5433/app', { ...plain, port: 5433 }],
  ['the short scheme and no port', 'postgres://ann:secret@db.example/app', plain],
  ['capitals in the scheme', 'POSTGRESQL://ann:secret@db.example/app', plain],
  ['no password', 'postgresql://ann@db.example/app', { ...plain, password: '' }],
  [
    'encoded characters',
    'postgresql://a%40n:p%40s%23s%2Fw%3F%25@db.example/a%2Fb',
    { ...plain, user: 'a@n', password: 'p@s#s/w?%', database: 'a/b' },
  ],
  ['a colon, a plus and brackets in the password', 'postgresql://ann:a:b+[c]@db.example/app', { ...plain, password: 'a:b+[c]' }],
  ['Hangul', 'postgresql://ann:%EB%B9%84%EB%B0%80@db.example/app', { ...plain, password: '비밀' }],
  ['an IPv6 address', 'postgresql://ann:secret@[2001:db8::1]:5432/app', { ...plain, host: '2001:db8::1' }],
  ['a socket', 'postgresql://ann:secret@/app?host=/run/pg', { ...plain, host: '/run/pg', tls: false }],
  ['a socket with a port', 'postgresql://ann:secret@/app?host=/run/pg&port=5433', { ...plain, host: '/run/pg', port: 5433, tls: false }],
  [
    'a socket after localhost, as Cloud SQL writes it',
    'postgresql://ann:secret@localhost/app?host=/cloudsql/p:r:i',
    { ...plain, host: '/cloudsql/p:r:i', tls: false },
  ],
  ['a socket as the host', 'postgresql://ann:secret@%2Frun%2Fpg/app', { ...plain, host: '/run/pg', tls: false }],
  ['a plus in a path', 'postgresql://ann:secret@/app?host=/run/c++', { ...plain, host: '/run/c++', tls: false }],
  ['a schema', 'postgresql://ann:secret@db.example/app?schema=chodae', { ...plain, schema: 'chodae' }],
  ['an empty schema', 'postgresql://ann:secret@db.example/app?schema=', plain],
  [
    'a pooler by its parameter',
    'postgresql://ann:secret@db.example/app?pgbouncer=true&connection_limit=1',
    { ...plain, transactionPooler: true },
  ],
  ['a pooler by its port', 'postgresql://ann:secret@db.example:6543/app', { ...plain, port: 6543, transactionPooler: true }],
  [
    'the schema public behind a pooler',
    'postgresql://ann:secret@db.example:6543/app?schema=public',
    { ...plain, port: 6543, transactionPooler: true },
  ],
  [
    'several hosts',
    'postgresql://ann:secret@a.example:5433,b.example,[2001:db8::1]:5434/app',
    {
      ...plain,
      host: 'a.example',
      port: 5433,
      otherHosts: [
        { host: 'b.example', port: 5432 },
        { host: '2001:db8::1', port: 5434 },
      ],
      writableOnly: true,
    },
  ],
  [
    'several hosts among the parameters, on one port',
    'postgresql://ann:secret@/app?host=a.example,b.example&port=5433&target_session_attrs=primary',
    { ...plain, host: 'a.example', port: 5433, otherHosts: [{ host: 'b.example', port: 5433 }], writableOnly: true },
  ],
  [
    'several hosts, of which one is far away',
    'postgresql://ann:secret@localhost,b.example/app',
    { ...plain, host: 'localhost', otherHosts: [{ host: 'b.example', port: 5432 }], writableOnly: true },
  ],
  ['target_session_attrs', 'postgresql://ann:secret@db.example/app?target_session_attrs=read-write', { ...plain, writableOnly: true }],
  ['pgbouncer=false', 'postgresql://ann:secret@db.example/app?pgbouncer=false', plain],
];

for (const [what, url, address] of good) {
  test(`a URL with ${what} is read`, () => assert.deepEqual(parsePostgresqlUrl(url), { address, unusedParameters: [] }));
}

test('parameters without effect are named, those of Prisma are not', () => {
  const url = 'postgresql://ann:secret@db.example/app?pool_timeout=1&application_name=x&connect_timeout=5&options=y';
  const reading = parsePostgresqlUrl(url);
  assert.deepEqual('address' in reading && reading.unusedParameters, ['application_name', 'options']);
});

const bad: readonly (readonly [what: string, url: string, ...expected: RegExp[]])[] = [
  ['an @ in the password', 'postgresql://ann:s@t@db.example/app', /more than one "@": write %40/],
  ['a # in the password', 'postgresql://ann:s#t@db.example/app', /"#" before the "@" \(everything after it is cut off\): write %23/],
  ['a / in the password', 'postgresql://ann:s/t@db.example/app', /"\/" before the "@": write %2F/],
  ['a ? in the password', 'postgresql://ann:s?t@db.example/app', /"\?" before the "@": write %3F/],
  ['a % in the password', 'postgresql://ann:s%t@db.example/app', /"%" that is not followed by two hex digits: write %25/],
  ['half a letter', 'postgresql://ann:s%EB@db.example/app', /write %25/],
  ['a NUL', 'postgresql://ann:s%00@db.example/app', /NUL/],
  ['@, # and % in the password', 'postgresql://ann:s@#%@db.example/app', /%40/, /%23/, /%25/],
  ['a # after the database', 'postgresql://ann:secret@db.example/app#x', /after its "#" is cut off/],
  ['its end cut off inside the password', 'postgresql://ann:s', /no "@".*%23/],
  ['its end cut off after an @ of the password', 'postgresql://ann:s@t', /no database.*%23/],
  ['another scheme', 'mysql://ann:secret@db.example/app', /must begin with postgresql:\/\//],
  ['the scheme of JDBC', 'jdbc:postgresql://db.example/app', /must begin with postgresql:\/\//],
  ['quotation marks', "'postgresql://ann:secret@db.example/app'", /remove the quotation marks/],
  ['a line break', 'postgresql://ann:secret@db.example/app?\nsslmode=require', /remove the spaces and line breaks/],
  ['a password in brackets', 'postgresql://postgres:[s3cret-pw]@db.x.supabase.co:5432/postgres', /remove the square brackets/],
  ["Supabase's placeholder", 'postgresql://postgres:[YOUR-PASSWORD]@db.x.supabase.co:5432/postgres', /in place of \[YOUR-PASSWORD\]/],
  ['no user', 'postgresql://:secret@db.example/app', /names no user/],
  ['no user and no @', 'postgresql://db.example/app', /no "@"/],
  ['no host', 'postgresql://ann:secret@/app', /names no host/],
  ['no database', 'postgresql://ann:secret@db.example', /names no database/],
  ['no host and no database', 'postgresql://ann:secret@', /names no host/, /names no database/],
  ['a host missing among several', 'postgresql://ann:secret@a,,b/app', /a host is missing/],
  ['an invalid port among several', 'postgresql://ann:secret@a:1,b:x/app', /port/],
  ['target_session_attrs=any', 'postgresql://ann:secret@a,b/app?target_session_attrs=any', /read-write or primary/],
  ['target_session_attrs=standby', 'postgresql://ann:secret@a,b/app?target_session_attrs=standby', /read-write or primary/],
  ['half a bracket', 'postgresql://ann:secret@[::1/app', /host|port/, /port/],
  ['a port that is not a number', 'postgresql://ann:secret@db.example:x/app', /port must be a number/],
  ['the port 0', 'postgresql://ann:secret@db.example:0/app', /port must be a number/],
  ['the port 65536', 'postgresql://ann:secret@db.example:65536/app', /port must be a number/],
  ['an IPv6 address without brackets', 'postgresql://ann:secret@2001:db8::1/app', /square brackets/],
  ['pgbouncer=yes', 'postgresql://ann:secret@db.example/app?pgbouncer=yes', /pgbouncer must be true or false/],
  ['a schema behind a pooler', 'postgresql://ann:secret@db.example:6543/app?schema=chodae', /start-up parameters/],
  ['the password among the parameters', 'postgresql://ann@db.example/app?password=secret', /belong before the "@"/],
  ['a client certificate', 'postgresql://ann:secret@db.example/app?sslcert=a&sslkey=b', /\(sslcert, sslkey\) are not supported/],
  ['an unknown sslmode', 'postgresql://ann:secret@db.example/app?sslmode=on', /sslmode must be one of/],
  ['an unknown sslaccept', 'postgresql://ann:secret@db.example/app?sslaccept=all', /sslaccept must be/],
];

for (const [what, url, ...expected] of bad) {
  test(`a URL with ${what} is refused with a message`, () => {
    const reading = parsePostgresqlUrl(url);
    assert.ok('mistakes' in reading);
    assert.equal(reading.mistakes.length, expected.length, reading.mistakes.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(reading.mistakes[index] ?? '', pattern);
  });
}

const advices: readonly (readonly [host: string, user: string, expected: RegExp])[] = [
  ['aws-0-ap-northeast-2.pooler.supabase.com', 'postgres.abcdef', /db\.abcdef\.supabase\.co:5432.*session mode on port 5432/],
  ['aws-0-ap-northeast-2.pooler.supabase.com', 'postgres', /db\.<project>\.supabase\.co:5432/],
  ['db.abcdef.supabase.co', 'postgres', /db\.abcdef\.supabase\.co:5432/],
  ['pgbouncer.example', 'ann', /the PostgreSQL server itself/],
];

for (const [host, user, expected] of advices) {
  test(`the advice for ${user} at ${host} names the direct address`, () =>
    assert.match(directAddressAdvice({ ...plain, host, user }), expected));
}
