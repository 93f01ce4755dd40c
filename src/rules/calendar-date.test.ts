import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCalendarDate } from './calendar-date.ts';

test('agrees with the platform about every day from 1896 to 2104 and about days that do not exist', () => {
  for (let year = 1896; year <= 2104; year += 1) {
    for (let month = 0; month <= 13; month += 1) {
      for (let day = 0; day <= 32; day += 1) {
        const date = new Date(Date.UTC(year, month - 1, day));
        const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
        assert.equal(isCalendarDate(year, month, day), exists, `${year}-${month}-${day}`);
      }
    }
  }
});
