import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PostgresqlAddress } from '../config/config.ts';
import { Problem, validationFailed } from '../problems.ts';
import { asDatabaseError, databaseProblems, isUnavailable, sqlstate, uniqueViolationOf, violatedConstraint } from './database-errors.ts';
import { explainConnectionFailure } from './explain-connection.ts';

const failure = (fields: Record<string, unknown>, message = 'failed') => Object.assign(new Error(message), fields);

test('what says that the database cannot be asked is unavailable', () => {
  const states = [
    '08006',
    '08P01',
    '53100',
    '53300',
    '57P01',
    '57P02',
    '57P03',
    '57P05',
    '25006',
    '55P03',
    '57014',
    '25P03',
    '40P01',
    '40001',
  ];
  for (const code of states) assert.equal(isUnavailable(failure({ code })), true, code);
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']) {
    assert.equal(isUnavailable(failure({ code })), true, code);
  }
  assert.equal(isUnavailable(failure({ code: 'ENOENT', syscall: 'connect' })), true);
  const messages = [
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout expired',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
  ];
  for (const message of messages) assert.equal(isUnavailable(new Error(message)), true, message);
  assert.equal(isUnavailable(new Error('outer', { cause: failure({ code: 'ECONNRESET' }) })), true);
});

test('what the statement did wrong is not', () => {
  for (const code of ['23505', '22P02', '42601', '42P01', '25P02', 'XX000', 'P0001'])
    assert.equal(isUnavailable(failure({ code })), false, code);
  assert.equal(isUnavailable(failure({ code: 'ENOENT', syscall: 'open' })), false);
  assert.equal(isUnavailable(new TypeError('x is not a function')), false);
  assert.equal(isUnavailable(undefined), false);
  assert.equal(isUnavailable(validationFailed([])), false);
});

test('asDatabaseError makes a problem with its cause, once', () => {
  const cause = failure({ code: '57P01' });
  const problem = asDatabaseError(cause);
  assert.ok(problem instanceof Problem);
  assert.equal(problem.kind, databaseProblems.database_unavailable);
  assert.equal(problem.kind.status, 503);
  assert.equal(problem.cause, cause);
  assert.equal(asDatabaseError(problem), problem);
  assert.equal(sqlstate(problem), '57P01');
});

test('asDatabaseError takes the values out of an error and leaves the rest', () => {
  const phone = '010-1234-5678';
  const taken = failure({
    code: '23505',
    constraint: 'User_phone_key_key',
    detail: `Key (phone_key)=(${phone})`,
    params: [phone],
    where: phone,
  });
  assert.equal(asDatabaseError(taken), taken);
  assert.equal(violatedConstraint(taken), 'User_phone_key_key');
  assert.ok(!JSON.stringify(taken).includes(phone));
  const badInput = asDatabaseError(failure({ code: '22P02' }, `invalid input syntax for type integer: "${phone}"`)) as Error;
  assert.equal(badInput.message, 'invalid input syntax for type integer: "…"');
  assert.ok(!badInput.stack?.includes(phone));
  const other = failure({ detail: 'kept' });
  assert.equal((asDatabaseError(other) as { detail?: string }).detail, 'kept');
});

test('sqlstate, violatedConstraint and uniqueViolationOf read the error or its cause', () => {
  const inner = failure({ code: '23505', constraint: 'Invitation_code_key' });
  const outer = new Error('Failed query', { cause: inner });
  assert.equal(sqlstate(outer), '23505');
  assert.equal(violatedConstraint(outer), 'Invitation_code_key');
  assert.equal(uniqueViolationOf(outer), 'Invitation_code_key');
  const check = failure({ code: '23514', constraint: 'positive' });
  assert.deepEqual([violatedConstraint(check), uniqueViolationOf(check)], ['positive', undefined]);
  assert.equal(sqlstate(failure({ code: 'EPIPE' })), undefined);
  assert.equal(violatedConstraint(failure({ code: '42P01', constraint: 'x' })), undefined);
});

const address: PostgresqlAddress = {
  host: 'db.example.com',
  port: 5432,
  user: 'chodae',
  password: 'p@ss/word',
  database: 'invitations',
  tls: false,
  transactionPooler: false,
};

test('a connection failure is explained in a sentence without the password', () => {
  const cases: [Error, RegExp][] = [
    [failure({ code: 'ECONNREFUSED' }), /Nothing accepts connections at db\.example\.com:5432/],
    [failure({ code: 'ENOTFOUND' }), /no address for the host "db\.example\.com".*%40/],
    [failure({ code: '28P01' }), /refuses the password of "chodae".*%40/],
    [failure({ code: '28000' }, 'no pg_hba.conf entry'), /does not let "chodae" in.*pg_hba/],
    [failure({ code: '3D000' }), /no database "invitations"/],
    [failure({ code: '53300' }), /DATABASE_POOL_SIZE/],
    [failure({ code: '08P01' }, 'unsupported startup parameter: statement_timeout'), /pgbouncer=true.*DIRECT_URL/],
    [new Error('The server does not support SSL connections'), /does not offer TLS/],
    [failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), /certificate.*sslrootcert/],
    [failure({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), /certificate.*another name/],
    [new Error('timeout expired'), /does not answer/],
    [new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), /asks for a password/],
    [failure({ code: '08006' }, 'lost p@ss/word and p%40ss%2Fword'), /failed: lost … and …$/],
  ];
  for (const [error, expected] of cases) {
    const sentence = explainConnectionFailure(error, address) ?? '';
    assert.match(sentence, expected);
    assert.ok(!sentence.includes(address.password));
    assert.equal(explainConnectionFailure(asDatabaseError(error), address), sentence);
  }
});

test('what is no failure of the connection is not explained', () => {
  assert.equal(explainConnectionFailure(new TypeError('x is not a function'), address), undefined);
  assert.equal(explainConnectionFailure(failure({ code: '42P01' }), address), undefined);
});

test('a paused Supabase project is told how to come back', () => {
  const hosts = ['db.abcdefgh.supabase.co', 'aws-0-ap-northeast-2.pooler.supabase.com'];
  const paused = [
    failure({ code: 'ENOTFOUND' }),
    failure({ code: 'ECONNREFUSED' }),
    failure({ code: 'XX000' }, 'Tenant or user not found'),
  ];
  for (const host of hosts) {
    for (const error of paused) {
      const sentence = explainConnectionFailure(error, { ...address, host }) ?? '';
      assert.match(sentence, /7 days.*https:\/\/supabase\.com\/dashboard.*Resume/);
    }
    assert.match(explainConnectionFailure(failure({ code: '28P01' }), { ...address, host }) ?? '', /refuses the password/);
  }
  assert.doesNotMatch(
    explainConnectionFailure(failure({ code: 'ENOTFOUND' }), { ...address, host: 'supabase.co.example' }) ?? '',
    /Resume/,
  );
});
