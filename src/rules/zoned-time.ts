/** The parts of a local time; month and day count from 1. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Creating a format costs as much as about 80 uses, and there is one zone in a process, or a few in its tests. */
function partsFormat(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const options = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
  const made = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', { timeZone, hourCycle: 'h23', ...options });
  formats.set(timeZone, made);
  return made;
}

/** What the clocks of the zone show at an instant. */
function localTimeAt(timeZone: string, instant: number): LocalTime {
  const parts = new Map(
    partsFormat(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute'), second: part('second') };
}

/** Milliseconds that the clocks of the zone are ahead of UTC at an instant. */
function offsetAt(timeZone: string, instant: number): number {
  const { year, month, day: date, hour, minute, second } = localTimeAt(timeZone, instant);
  return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

const day = 86_400_000;

/**
 * @param timeZone an IANA name, independent of the zone of the process.
 * @returns the instant at which the clocks of the zone show a time: the earlier one where they show it twice; undefined where they skip it.
 */
export function instantIn(timeZone: string, { year, month, day: date, hour, minute, second }: LocalTime): Date | undefined {
  const local = Date.UTC(year, month - 1, date, hour, minute, second);
  const candidates = [local - day, local + day].map((near) => local - offsetAt(timeZone, near));
  const right = candidates.filter((instant) => instant + offsetAt(timeZone, instant) === local);
  return right.length > 0 ? new Date(Math.min(...right)) : undefined;
}

/** @returns the first instant of a day in the zone: midnight, or the end of the gap where the clocks skip midnight. */
export function dayStartIn(timeZone: string, year: number, month: number, date: number): Date {
  for (let minute = 0; minute < 24 * 60; minute += 15) {
    const start = instantIn(timeZone, { year, month, day: date, hour: Math.floor(minute / 60), minute: minute % 60, second: 0 });
    if (start) return start;
  }
  // The whole day was skipped, as 30 December 2011 in Apia.
  return dayStartIn(timeZone, year, month, date + 1);
}
