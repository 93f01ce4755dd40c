import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownMoment } from './format-timestamp.ts';

test('a time is shown in UTC, to the millisecond', () => {
  assert.equal(shownMoment(new Date('2030-01-31T18:00:00.123+09:00')), '2030-01-31T09:00:00.123Z');
});

test('NULL and infinity are shown as null', () => {
  for (const value of [null, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, new Date('infinity')])
    assert.equal(shownMoment(value), null);
});

test('a year beyond RFC 3339 is shown as the nearest time that it has', () => {
  assert.equal(shownMoment(new Date('+012000-01-01T00:00:00Z')), '9999-12-31T23:59:59.999Z');
  assert.equal(shownMoment(new Date('-000044-03-15T00:00:00Z')), '0000-01-01T00:00:00.000Z');
});
