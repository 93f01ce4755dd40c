import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSampleApp, type SampleApp } from '../../test/support/sample-http-app.ts';

let sample: SampleApp;
before(async () => {
  sample = await createSampleApp();
});
after(() => sample.app.close());

interface FieldAnswer {
  field: string;
  code: string;
  message: string;
}

async function errorsOf(payload: unknown, language = 'en'): Promise<FieldAnswer[]> {
  const answer = await sample.app.inject({
    method: 'PUT',
    url: '/auth/samples/1',
    headers: { 'content-type': 'application/json', 'accept-language': language },
    payload: JSON.stringify(payload),
  });
  assert.equal(answer.statusCode, 422, answer.body);
  assert.equal(answer.json().code, 'validation_failed');
  return answer.json().errors;
}

const name = 'Ada';
const cases: readonly [payload: unknown, field: string, code: string, message: string][] = [
  [[], '', 'not_an_object', 'The body must be a JSON object.'],
  ['text', '', 'not_an_object', 'The body must be a JSON object.'],
  [null, '', 'not_an_object', 'The body must be a JSON object.'],
  [{}, 'name', 'required', 'This field is required.'],
  [{ name: 7 }, 'name', 'wrong_type', 'This must be a string.'],
  [{ name: null }, 'name', 'wrong_type', 'This must be a string.'],
  [{ name: ['Ada'] }, 'name', 'wrong_type', 'This must be a string.'],
  [{ name: '' }, 'name', 'too_short', 'Enter at least 1 characters.'],
  [{ name: 'A long long name' }, 'name', 'too_long', 'Enter at most 10 characters.'],
  [{ name, kind: 'canary' }, 'kind', 'invalid_value', 'This must be one of: small, large.'],
  [{ name, count: 'canary' }, 'count', 'wrong_type', 'This must be a number.'],
  [{ name, count: 1.5 }, 'count', 'wrong_type', 'This must be a whole number.'],
  [{ name, count: 0 }, 'count', 'out_of_range', 'This must be at least 1.'],
  [{ name, count: 10 }, 'count', 'out_of_range', 'This must be at most 9.'],
  [{ name, day: 'canary' }, 'day', 'invalid_format', 'This must be a date such as 1990-01-31.'],
  [{ name, tags: 'canary' }, 'tags', 'wrong_type', 'This must be a list.'],
  [{ name, tags: [] }, 'tags', 'too_few', 'Give at least 1 items.'],
  [{ name, tags: ['a', 'b', 'c'] }, 'tags', 'too_many', 'Give at most 2 items.'],
  [{ name, tags: ['a', 1] }, 'tags.1', 'wrong_type', 'This must be a string.'],
  [{ name, nested: {} }, 'nested.deep', 'required', 'This field is required.'],
  [{ name, nested: { deep: 'canary' } }, 'nested.deep', 'wrong_type', 'This must be true or false.'],
];

for (const [payload, field, code, message] of cases) {
  test(`${JSON.stringify(payload)}: ${field || 'the body'} is ${code}`, async () => {
    assert.deepEqual(await errorsOf(payload), [{ field, code, message }]);
  });

  test(`${JSON.stringify(payload)}: the same in Korean, without client input`, async () => {
    const [error] = await errorsOf(payload, 'ko');
    assert.equal(error?.code, code);
    assert.match(error?.message ?? '', /[가-힣]/);
    assert.ok(!error?.message.includes('canary'));
  });
}

test('every broken field is named, and the detail lists them', async () => {
  const errors = await errorsOf({ count: 'x', kind: 'x' });
  assert.deepEqual(errors.map((error) => `${error.field} ${error.code}`).sort(), [
    'count wrong_type',
    'kind invalid_value',
    'name required',
  ]);
});

test('unknown fields are ignored and never named', async () => {
  const answer = await sample.app.inject({ method: 'PUT', url: '/auth/samples/1', payload: { name, canary: 'canary' } });
  assert.equal(answer.statusCode, 200);
  assert.ok(!(await errorsOf({ canary: 'canary' })).some((error) => JSON.stringify(error).includes('canary')));
});

test('a query string is validated by its own fields', async () => {
  const answer = await sample.app.inject('/auth/samples/1?other=1');
  assert.equal(answer.statusCode, 422);
  assert.deepEqual(answer.json().errors, [{ field: 'at', code: 'required', message: 'This field is required.' }]);
});
