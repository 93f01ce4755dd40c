/** Milliseconds that the server's clock is ahead of this device's. */
let ahead = 0;

/** @param date the header `Date` of an answer. It has whole seconds, so a difference of less than two is none. */
export function readServerClock(date: string | null): void {
  const difference = Date.parse(date ?? '') - Date.now();
  if (Math.abs(difference) > 2000) ahead = difference;
}

/** @returns milliseconds since 1970 by the server's clock. */
export function serverNow(): number {
  return Date.now() + ahead;
}
