import { InvalidArgumentError } from 'commander';
import { isCalendarDate } from '../rules/calendar-date.ts';

/** People at a terminal think in their own time zone; programs get RFC 3339 in UTC. */

const day = /^(\d{4})-(\d{2})-(\d{2})/;
const localShape = /^\d{4}-\d{2}-\d{2}(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?)?$/;
const shapeWithOffset = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** @returns a moment from which on: a day alone means its first moment. @throws InvalidArgumentError */
export function readBeginning(text: string): string {
  return readMoment(text, 0);
}

/** @returns a moment until which: a day alone means its end, so that the day belongs to it. @throws InvalidArgumentError */
export function readEnd(text: string): string {
  return readMoment(text, 1);
}

/** @param daysLater what is added to a day alone. */
function readMoment(text: string, daysLater: number): string {
  const [, year, month, date] = (day.exec(text) ?? []).map(Number);
  if (!year || year < 1970 || !month || !date || !isCalendarDate(year, month, date)) throw unreadable();
  if (shapeWithOffset.test(text)) return isoOf(new Date(text.replace(' ', 'T').toUpperCase()));
  const local = localShape.exec(text);
  if (!local) throw unreadable();
  const [hours, minutes, seconds] = local.slice(1);
  if (hours === undefined) return isoOf(new Date(year, month - 1, date + daysLater));
  return isoOf(new Date(year, month - 1, date, Number(hours), Number(minutes), Number(seconds ?? 0)));
}

function isoOf(moment: Date): string {
  // Not a moment at all, or one that RFC 3339 cannot write.
  if (!(moment.getUTCFullYear() <= 9999)) throw unreadable();
  return moment.toISOString();
}

function unreadable(): InvalidArgumentError {
  return new InvalidArgumentError(
    'Write a day like 2030-01-31, a local time like "2030-01-31 18:00", or one with its offset like 2030-01-31T18:00:00+09:00.',
  );
}

// The Swedish form is `2030-01-31 18:00`: short, sorted as text, read alike everywhere.
const minutes = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
const minutesAndZone = new Intl.DateTimeFormat('sv-SE', {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
});

/** @returns a moment in the zone of this machine, to the minute; empty for null. */
export function showMoment(moment: string | null): string {
  return moment === null ? '' : minutes.format(new Date(moment));
}

/** @returns the same with the name or offset of the zone. */
export function showMomentAndZone(moment: string | null): string {
  return moment === null ? '' : minutesAndZone.format(new Date(moment));
}
