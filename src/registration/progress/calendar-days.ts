import { dateReader } from '../../calendar-date.ts';

/** The days of one time zone, as people there have them: some last 23 hours, some 25, and a few begin at one o'clock. */
export interface CalendarDays {
  /** @returns the date there at an instant, `YYYY-MM-DD`. */
  dateOf(moment: Date): string;
  /** @returns the first instant of a date; of one that the zone left out, the first instant after it. */
  startOf(date: string): Date;
  /**
   * @param from the first instant.
   * @param to the first instant that is not meant any more.
   * @returns the dates that lie in between, wholly or in part, each with its first instant that does.
   */
  between(from: Date, to: Date): readonly { readonly date: string; readonly start: Date }[];
}

const dayMilliseconds = 86_400_000;
/** More than any zone is away from UTC, and more than a day is longer or shorter anywhere. */
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

/** @returns the date some days later, or earlier, by the calendar alone. */
export function moveDate(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMilliseconds).toISOString().slice(0, 10);
}
