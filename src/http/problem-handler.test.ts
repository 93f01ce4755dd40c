import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp, sampleFaults } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp((app) => {
    app.get('/vary', async (_request, reply) => {
      reply.header('vary', 'Origin');
      throw sampleFaults.gone?.();
    });
    app.get(
      '/broken-answer',
      { schema: { response: { 200: { type: 'never' } } }, serializerCompiler: () => () => throwing() },
      async () => ({}),
    );
  });
});
after(() => sample.app.close());

function throwing(): never {
  throw new Error('secret canary');
}

function put(name: unknown, language?: string) {
  const headers = language === undefined ? {} : { 'accept-language': language };
  sample.lines.length = 0;
  return sample.app.inject({ method: 'PUT', url: '/auth/samples/1', payload: { name }, headers });
}

test('an error is a problem document with its own members', async () => {
  const answer = await put('gone', 'en-GB');
  assert.equal(answer.statusCode, 410);
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8');
  assert.equal(answer.headers['content-language'], 'en');
  assert.equal(answer.headers.vary, 'Accept-Language');
  assert.equal(answer.headers['retry-after'], undefined);
  assert.deepEqual(answer.json(), {
    type: '/problems/sample_gone',
    title: 'Gone',
    status: 410,
    detail: 'It is gone since Monday.',
    code: 'sample_gone',
    missing: ['birthday'],
  });
});

test('the client chooses the language', async () => {
  const answer = await put('gone', 'ko-KR, en;q=0.5');
  assert.equal(answer.headers['content-language'], 'ko');
  assert.equal(answer.json().detail, 'Monday에 없어졌습니다.');
  assert.equal(answer.json().code, 'sample_gone');
});

test('a client error is not logged as an error', async () => {
  await put('gone');
  assert.deepEqual(
    sample.lines.map(({ level, status, code }) => ({ level, status, code })),
    [{ level: 30, status: 410, code: 'sample_gone' }],
  );
});

test('a 503 has Retry-After in whole seconds, never 0, and logs its cause at warn', async () => {
  const answer = await put('busy');
  assert.equal(answer.statusCode, 503);
  assert.equal(answer.headers['retry-after'], '1');
  const fault = sample.lines.find((line) => line.level === 40) as { error: { name: string }; code: string };
  assert.equal(fault.code, 'sample_busy');
  assert.equal(fault.error.name, 'Error');
  assert.ok(!JSON.stringify(sample.lines).includes('canary'));
});

for (const name of ['bug', 'database', 'thrown']) {
  test(`an unexpected error (${name}) is a 500 without details, and is logged without values`, async () => {
    const answer = await put(name);
    assert.equal(answer.statusCode, 500);
    assert.deepEqual(Object.keys(answer.json()), ['type', 'title', 'status', 'detail', 'code']);
    assert.equal(answer.json().code, 'internal_error');
    const fault = sample.lines.find((line) => line.level === 50);
    assert.equal(fault?.requestId, answer.headers['x-request-id']);
    assert.equal(fault?.route, '/auth/samples/:id');
    assert.ok(!`${answer.body}${JSON.stringify(sample.lines)}`.includes('canary'));
  });
}

test('a database error is logged by its fixed names', async () => {
  await put('database');
  const fault = sample.lines.find((line) => line.level === 50);
  assert.deepEqual(fault?.error, {
    sqlstate: '23505',
    constraint: 'User_phone_key_key',
    table: 'User',
    routine: '_bt_check_unique',
    severity: 'ERROR',
  });
});

test('a response that does not fit its schema is a 500', async () => {
  const answer = await sample.app.inject('/broken-answer');
  assert.equal(answer.statusCode, 500);
  assert.equal(answer.json().code, 'internal_error');
});

test('an earlier Vary is kept', async () => {
  assert.equal((await sample.app.inject('/vary')).headers.vary, 'Origin, Accept-Language');
});
