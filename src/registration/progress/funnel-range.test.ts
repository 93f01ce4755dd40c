import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarDays } from './calendar-days.ts';
import { acceptFunnelRange } from './funnel-range.ts';

const now = new Date('2026-03-10T12:34:56.789Z');

function judge(from?: string, to?: string, zone = 'Asia/Seoul'): string | string[] {
  const range = acceptFunnelRange({ from, to }, { days: calendarDays(zone), now, timeZone: zone });
  if (!range.ok) return range.errors.map(({ field, rule }) => `${field} ${rule.code}`);
  return `${range.value.from.toISOString()} ${range.value.to.toISOString()}`;
}

test('the default range is the last 30 days, including today until now', () => {
  assert.equal(judge(), '2026-02-08T15:00:00.000Z 2026-03-10T12:34:56.789Z');
});

test('with only an end, the range is the 30 days up to it', () => {
  assert.equal(judge(undefined, '2026-01-31'), '2026-01-01T15:00:00.000Z 2026-01-31T15:00:00.000Z');
  assert.equal(judge(undefined, '2026-01-31T15:00:00Z'), '2026-01-01T15:00:00.000Z 2026-01-31T15:00:00.000Z');
});

test('with only a beginning, the range lasts until now', () => {
  assert.equal(judge('2026-03-01'), '2026-02-28T15:00:00.000Z 2026-03-10T12:34:56.789Z');
});

test('dates are whole days in the configured time zone', () => {
  assert.equal(judge('2026-01-01', '2026-01-01'), '2025-12-31T15:00:00.000Z 2026-01-01T15:00:00.000Z');
  assert.equal(judge('2026-03-08', '2026-03-08', 'America/New_York'), '2026-03-08T05:00:00.000Z 2026-03-09T04:00:00.000Z');
});

test('times are exact, with any offset', () => {
  assert.equal(judge('2026-01-01T09:00:00+09:00', '2026-01-01T00:00:00.001Z'), '2026-01-01T00:00:00.000Z 2026-01-01T00:00:00.001Z');
});

test('times without an offset are in the configured time zone', () => {
  assert.equal(judge('2026-01-01T09:00', '2026-01-01 10:00'), '2026-01-01T00:00:00.000Z 2026-01-01T01:00:00.000Z');
  assert.deepEqual(judge('2026-03-08T02:30', '2026-03-09', 'America/New_York'), ['from moment_skipped']);
});

test('a leap year fits, also when clocks are put back in it; longer ranges are refused', () => {
  assert.equal(typeof judge('2024-01-01', '2024-12-31'), 'string');
  assert.equal(typeof judge('2024-11-03', '2025-11-03', 'America/New_York'), 'string');
  assert.deepEqual(judge('2024-01-01', '2025-01-01'), ['from range_too_long']);
  assert.deepEqual(judge('2024-01-01'), ['from range_too_long']);
});

test('an empty or backwards range is refused', () => {
  assert.deepEqual(judge('2026-01-02', '2026-01-01'), ['from range_backwards']);
  assert.deepEqual(judge('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), ['from range_backwards']);
  assert.deepEqual(judge('2026-03-11'), ['from range_backwards']);
});

test('values that are neither a date nor a time are refused', () => {
  const unreadable = ['', ' ', '2026', '2026-1-1', '2026-02-29', '2026-13-01', '2026-01-01T24:00:00Z', 'yesterday', '0'];
  for (const text of [...unreadable, '٢٠٢٦-٠١-٠١', '+275760-09-13T00:00:00Z', '10000-01-01', '2026-01-01\0']) {
    assert.deepEqual(judge(text), ['from moment_format'], text);
    assert.deepEqual(judge(undefined, text), ['to moment_format'], text);
  }
});

test('implausible years are refused', () => {
  for (const text of ['0000-01-01', '1999-12-31', '9999-12-31', '0001-01-01T00:00:00Z', '1969-01-01T00:00:00Z', '9999-12-31T23:59:59Z']) {
    assert.deepEqual(judge(text, '2026-01-01'), ['from range_bound_year'], text);
    assert.deepEqual(judge('2026-01-01', text), ['to range_bound_year'], text);
  }
});
