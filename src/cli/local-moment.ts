import { InvalidArgumentError } from 'commander';
import { isCalendarDate } from '../rules/calendar-date.ts';

/** People at a terminal think in the zone of their service; programs get RFC 3339 in UTC. */

const day = /^(\d{4})-(\d{2})-(\d{2})/;
const localShape = /^\d{4}-\d{2}-\d{2}(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)?$/;
const shapeWithOffset = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/i;

/**
 * @returns a time as the service reads it: with an offset in UTC; a day or a time alone as it is, because only the service knows its TIME_ZONE.
 * @throws InvalidArgumentError
 */
export function readMoment(text: string): string {
  const [, year, month, date] = (day.exec(text) ?? []).map(Number);
  if (!year || year < 1970 || !month || !date || !isCalendarDate(year, month, date)) throw unreadable();
  if (shapeWithOffset.test(text)) return isoOf(new Date(text.replace(' ', 'T').toUpperCase()));
  if (!localShape.test(text)) throw unreadable();
  return text;
}

function isoOf(moment: Date): string {
  // Not a moment at all, or one that RFC 3339 cannot write.
  if (!(moment.getUTCFullYear() <= 9999)) throw unreadable();
  return moment.toISOString();
}

function unreadable(): InvalidArgumentError {
  return new InvalidArgumentError(
    'Write a day like 2030-01-31, a time like "2030-01-31 18:00", or one with its offset like 2030-01-31T18:00:00+09:00.',
  );
}

/** @returns a moment in the zone, to the minute; empty for null. */
export function showMoment(moment: string | null, timeZone: string): string {
  // The Swedish form is `2030-01-31 18:00`: short, sorted as text, read alike everywhere.
  return moment === null
    ? ''
    : new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short', timeZone }).format(new Date(moment));
}

const parts = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;

/** @returns the same with the name or offset of the zone. */
export function showMomentAndZone(moment: string | null, timeZone: string): string {
  return moment === null ? '' : new Intl.DateTimeFormat('sv-SE', { ...parts, timeZone }).format(new Date(moment));
}
