import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayStartIn, instantIn } from './zoned-time.ts';

function instant(timeZone: string, text: string): string | undefined {
  const [year, month, day, hour, minute, second] = text.split(/\D/).map(Number) as [number, number, number, number, number, number];
  return instantIn(timeZone, { year, month, day, hour, minute, second })?.toISOString();
}

for (const [timeZone, local, wanted] of [
  ['Asia/Seoul', '2030-01-31 00:00:00', '2030-01-30T15:00:00.000Z'],
  ['Asia/Seoul', '1988-07-06 12:00:00', '1988-07-06T02:00:00.000Z'],
  ['UTC', '2030-01-31 18:00:30', '2030-01-31T18:00:30.000Z'],
  ['America/New_York', '2026-07-01 09:00:00', '2026-07-01T13:00:00.000Z'],
  ['America/New_York', '2026-03-08 02:30:00', undefined],
  ['America/New_York', '2026-11-01 01:30:00', '2026-11-01T05:30:00.000Z'],
  ['Europe/Berlin', '2026-03-29 02:00:00', undefined],
  ['Europe/Berlin', '2026-03-29 03:00:00', '2026-03-29T01:00:00.000Z'],
  ['Asia/Kolkata', '2026-01-01 00:00:00', '2025-12-31T18:30:00.000Z'],
  ['Pacific/Kiritimati', '2026-01-01 00:00:00', '2025-12-31T10:00:00.000Z'],
  ['Australia/Lord_Howe', '2026-04-05 01:45:00', '2026-04-04T14:45:00.000Z'],
] as const) {
  test(`${local} in ${timeZone} is ${wanted ?? 'skipped'}`, () => assert.equal(instant(timeZone, local), wanted));
}

test('a day begins at its first moment, also where the clocks skip midnight', () => {
  assert.equal(dayStartIn('Asia/Seoul', 2026, 12, 1).toISOString(), '2026-11-30T15:00:00.000Z');
  assert.equal(dayStartIn('Africa/Cairo', 2026, 4, 24).toISOString(), '2026-04-23T22:00:00.000Z');
  assert.equal(dayStartIn('Pacific/Apia', 2011, 12, 30).toISOString(), '2011-12-30T10:00:00.000Z');
});
