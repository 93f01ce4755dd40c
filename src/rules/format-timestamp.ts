/** The last time that RFC 3339 can express; `toISOString` gives later years a sign and six digits. */
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const firstMoment = new Date('0000-01-01T00:00:00Z').getTime();

/**
 * Formats a database time as RFC 3339, in UTC.
 * @param value NULL, or a `timestamptz`. SQL by others may have stored `infinity`, which drivers return as a number or an invalid
 *   `Date`, or a year that RFC 3339 does not have.
 * @returns null for NULL and for infinity; otherwise the nearest time that RFC 3339 can express.
 */
export function shownMoment(value: Date | number | null): string | null {
  const milliseconds = value === null ? Number.NaN : Number(value);
  if (!Number.isFinite(milliseconds)) return null;
  return new Date(Math.min(Math.max(milliseconds, firstMoment), lastMoment)).toISOString();
}
