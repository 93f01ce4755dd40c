import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from 'commander';

// Before the module is loaded, which makes its formats once.
process.env.TZ = 'Asia/Seoul';
const { readBeginning, readEnd, showMoment, showMomentAndZone } = await import('./local-moment.ts');

test('a day begins and ends in the time zone of the machine', () => {
  assert.equal(readBeginning('2030-01-31'), '2030-01-30T15:00:00.000Z');
  assert.equal(readEnd('2030-01-31'), '2030-01-31T15:00:00.000Z');
  assert.equal(readEnd('2028-02-29'), '2028-02-29T15:00:00.000Z');
});

test('a time without an offset is local, one with an offset is not', () => {
  for (const read of [readBeginning, readEnd]) {
    assert.equal(read('2030-01-31 18:00'), '2030-01-31T09:00:00.000Z');
    assert.equal(read('2030-01-31T18:00:30'), '2030-01-31T09:00:30.000Z');
    assert.equal(read('2030-01-31T18:00:00+01:00'), '2030-01-31T17:00:00.000Z');
    assert.equal(read('2030-01-31t18:00z'), '2030-01-31T18:00:00.000Z');
  }
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
    assert.throws(() => readEnd(text), InvalidArgumentError, text);
});

test('people see minutes in their own zone', () => {
  assert.equal(showMoment('2030-01-31T15:00:30.000Z'), '2030-02-01 00:00');
  assert.equal(showMomentAndZone('2030-01-31T15:00:30.000Z'), '2030-02-01 00:00 GMT+9');
  assert.equal(showMoment(null), '');
});
