import { dateReader } from '../../rules/calendar-date.ts';

/** Calendar days in one time zone: some last 23 hours, some 25, and a few begin at one o'clock. */
export interface CalendarDays {
  /** @returns the date in the zone at an instant, `YYYY-MM-DD`. */
  dateOf(moment: Date): string;
  /** @returns the first instant of a date, or the first instant after it if the zone skipped that date. */
  startOf(date: string): Date;
  /**
   * @param from the start, inclusive.
   * @param to the end, exclusive.
   * @returns the dates that the range covers, wholly or in part, each with its first instant in the range.
   */
  between(from: Date, to: Date): readonly { readonly date: string; readonly start: Date }[];
}

const dayMilliseconds = 86_400_000;
/** More than any zone's offset from UTC, and more than any day's length differs from 24 hours. */
const slack = 26 * 3_600_000;

/** @param timeZone an IANA name. */
export function calendarDays(timeZone: string): CalendarDays {
  const dateOf = dateReader(timeZone);

  function startOf(date: string, guess = Date.parse(`${date}T00:00:00Z`)): Date {
    if (dateOf(new Date(guess)) === date && dateOf(new Date(guess - 1)) < date) return new Date(guess);
    let before = guess - slack;
    let start = guess + slack;
    while (start - before > 1) {
      const middle = Math.floor((before + start) / 2);
      if (dateOf(new Date(middle)) < date) before = middle;
      else start = middle;
    }
    return new Date(start);
  }

  function between(from: Date, to: Date) {
    const days = [];
    for (let start = from; start < to; ) {
      const date = dateOf(start);
      days.push({ date, start });
      start = startOf(moveDate(date, 1), start.getTime() + dayMilliseconds);
    }
    return days;
  }

  return { dateOf, startOf, between };
}

/** @returns the date shifted by a number of calendar days. */
export function moveDate(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMilliseconds).toISOString().slice(0, 10);
}
