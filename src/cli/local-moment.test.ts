import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';

import { readMoment, showMoment, showMomentAndZone } from './local-moment.ts';

test('a day or a time without an offset goes to the service as it is: only that knows TIME_ZONE', () => {
  for (const text of ['2030-01-31', '2028-02-29', '2030-01-31 18:00', '2030-01-31T18:00:30']) assert.equal(readMoment(text), text);
});

test('a time with its offset is sent in UTC', () => {
  assert.equal(readMoment('2030-01-31T18:00:00+01:00'), '2030-01-31T17:00:00.000Z');
  assert.equal(readMoment('2030-01-31t18:00z'), '2030-01-31T18:00:00.000Z');
  assert.equal(readMoment('2030-01-31 18:00+09:00'), '2030-01-31T09:00:00.000Z');
});

test('whatever is no time is misuse', () => {
  const mistakes = [
    '',
    'tomorrow',
    '2030-02-29',
    '2030-13-01',
    '2030-1-1',
    '2030-01-31 24:00',
    '2030-01-31 1:00',
    '0001-01-01',
    '1969-12-31',
  ];
  for (const text of [
    ...mistakes,
    '2030-01-31T99:00Z',
    '2030-01-31T10:00:00.1234567890123Z garbage',
    '10000-01-01',
    '9999-12-31T23:00-05:00',
  ])
    assert.throws(() => readMoment(text), InvalidArgumentError, text);
});

test('people see minutes in the zone of the service', () => {
  assert.equal(showMoment('2030-01-31T15:00:30.000Z', 'Asia/Seoul'), '2030-02-01 00:00');
  assert.equal(showMomentAndZone('2030-01-31T15:00:30.000Z', 'Asia/Seoul'), '2030-02-01 00:00 GMT+9');
  assert.equal(showMoment('2030-01-31T15:00:30.000Z', 'UTC'), '2030-01-31 15:00');
  assert.equal(showMoment(null, 'UTC'), '');
});
