/** The last moment that RFC 3339 can write; `toISOString` gives later years a sign and six digits. */
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const firstMoment = new Date('0000-01-01T00:00:00Z').getTime();

/**
 * A moment of the database as RFC 3339 writes it, in UTC.
 * @param value NULL, or a `timestamptz`. Somebody's own SQL may have stored `infinity`, which the drivers give as a number or as an invalid
 *   `Date`, and a year that RFC 3339 does not have.
 * @returns null for NULL and for infinity: never; the nearest moment that can be written for the others.
 */
export function shownMoment(value: Date | number | null): string | null {
  const milliseconds = value === null ? Number.NaN : Number(value);
  if (!Number.isFinite(milliseconds)) return null;
  return new Date(Math.min(Math.max(milliseconds, firstMoment), lastMoment)).toISOString();
}
