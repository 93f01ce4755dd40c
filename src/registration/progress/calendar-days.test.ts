import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calendarDays, moveDate } from './calendar-days.ts';

const zones = [
  'Asia/Seoul',
  'UTC',
  'America/New_York',
  'Africa/Cairo',
  'America/Havana',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
];

/** [zone, date, its first instant]: fixed offsets, clocks put forward at midnight, clocks put back at one o'clock, and a skipped day. */
const firstInstants = [
  ['Asia/Seoul', '2026-01-01', '2025-12-31T15:00:00.000Z'],
  ['UTC', '2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['America/New_York', '2026-03-08', '2026-03-08T05:00:00.000Z'],
  ['America/New_York', '2026-03-09', '2026-03-09T04:00:00.000Z'],
  ['America/New_York', '2025-11-02', '2025-11-02T04:00:00.000Z'],
  ['America/New_York', '2025-11-03', '2025-11-03T05:00:00.000Z'],
  ['Africa/Cairo', '2024-04-26', '2024-04-25T22:00:00.000Z'],
  ['America/Havana', '2025-11-02', '2025-11-02T04:00:00.000Z'],
  ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z'],
  ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00.000Z'],
] as const;

for (const [zone, date, instant] of firstInstants) {
  test(`${date} begins at ${instant} in ${zone}`, () => {
    assert.equal(calendarDays(zone).startOf(date).toISOString(), instant);
  });
}

const instants = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2060, 0, 1) }).map((milliseconds) => new Date(milliseconds));

test('a day begins with its first instant, in every zone', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, (zone, moment) => {
      const { dateOf, startOf } = calendarDays(zone);
      const date = dateOf(moment);
      const start = startOf(date);
      assert.ok(start <= moment);
      assert.equal(dateOf(start), date);
      assert.ok(dateOf(new Date(start.getTime() - 1)) < date);
    }),
  );
});

test('the days of a range have no gaps, and only the first may be partial', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, fc.integer({ min: 1, max: 400 * 86_400_000 }), (zone, from, length) => {
      const { dateOf, startOf, between } = calendarDays(zone);
      const to = new Date(from.getTime() + length);
      const days = between(from, to);
      assert.deepEqual(days[0], { date: dateOf(from), start: from });
      for (const [index, { date, start }] of days.entries()) {
        if (index > 0) assert.deepEqual([date, start], [moveDate(days[index - 1]?.date ?? '', 1), startOf(date)]);
      }
      assert.equal(days.at(-1)?.date, dateOf(new Date(to.getTime() - 1)));
    }),
    { numRuns: 30 },
  );
});

test('an empty range has no days', () => {
  assert.deepEqual(calendarDays('UTC').between(new Date(0), new Date(0)), []);
});

test('dates are shifted by calendar days', () => {
  assert.equal(moveDate('2024-02-28', 1), '2024-02-29');
  assert.equal(moveDate('2024-03-01', -1), '2024-02-29');
  assert.equal(moveDate('2025-12-31', 1), '2026-01-01');
});
