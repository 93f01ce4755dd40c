import ms from 'ms';
import { fieldRules } from '../problems.ts';
import { isCalendarDate } from './calendar-date.ts';
import { type Accepted, accepted, refused } from './result.ts';
import { dayStartIn, instantIn } from './zoned-time.ts';

export const lifeSpanRules = fieldRules({
  moment_format: {
    ko: '2030-01-31 같은 날짜, 2030-01-31 18:00 같은 시각(설정된 시간대), 2030-01-31T18:00:00+09:00처럼 시간대까지 적은 시각 중 하나로 적으세요.',
    en: 'Write a day like 2030-01-31, a time like 2030-01-31 18:00 (in the time zone of the service), or one with its offset, like 2030-01-31T18:00:00+09:00.',
  },
  moment_skipped: {
    ko: '서머타임 때문에 시계가 건너뛰는 시각입니다. 앞이나 뒤의 시각을 적으세요.',
    en: 'The clocks skip this time (daylight saving). Give one before or after it.',
  },
  moment_range: {
    ko: '1970년부터 9999년까지의 시각을 적으세요(UTC 기준).',
    en: 'Give a time in the years 1970 to 9999, in UTC.',
  },
  moment_past: {
    ko: '이미 지난 시각입니다. 앞으로 올 시각을 적으세요.',
    en: 'That time has passed. Give one that is still to come.',
  },
  duration_format: {
    ko: '30m, 12h, 7d, 2w처럼 숫자와 단위로 적으세요.',
    en: 'Write a number and a unit, like 30m, 12h, 7d or 2w.',
  },
  duration_range: {
    ko: '1분 이상 10년 이하로 적으세요.',
    en: 'Give at least a minute and at most 10 years.',
  },
  expiry_twice: {
    ko: 'expires_at과 valid_for 중 하나만 보내세요.',
    en: 'Send either expires_at or valid_for, not both.',
  },
});

/** `T` and `Z` in either case; leap seconds (60) do not exist in the database. */
const momentShape = /^(\d{4})-(\d{2})-(\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
/** A day, or a time of the service's zone. */
const localShape = /^(\d{4})-(\d{2})-(\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?)?$/i;
/** `9999-12-31T23:59:59.123456789+09:00`. */
const longestMoment = 35;

/** In an unencoded query string + becomes a space. */
const lostPlus = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)? \d{2}:\d{2}$/i;
const lostPlusRule = {
  code: 'moment_format',
  message: {
    ko: '시각 뒤의 +가 빠졌습니다. 주소에서는 +를 %2B로 적으세요.',
    en: 'The + before the offset is lost: in a URL, write it as %2B.',
  },
};

/** What a day alone means: its first moment, or its end, so that the day belongs to a period that it closes. */
export type DayPart = 'begin' | 'end';

/**
 * Parses a time: RFC 3339 with an offset, or a day or time of the service's zone. In the years 1970 to 9999 in UTC: these have the same text form
 * everywhere. Digits beyond milliseconds are cut off.
 * @param field the name in the request.
 * @param timeZone an IANA name.
 */
export function acceptMoment(field: string, text: string, timeZone: string, dayPart: DayPart = 'begin'): Accepted<Date> {
  const parts = text.length > longestMoment ? null : (momentShape.exec(text) ?? localShape.exec(text));
  if (!parts) return lostPlus.test(text) ? refused({ field, rule: lostPlusRule }) : broken(field, 'moment_format');
  const [year, month, day] = parts.slice(1, 4).map(Number) as [number, number, number];
  if (!isCalendarDate(year, month, day)) return broken(field, 'moment_format');
  const moment = localShape.test(text) ? localMoment(parts, timeZone, dayPart) : new Date(text.toUpperCase().replace(' ', 'T'));
  if (!moment) return broken(field, 'moment_skipped');
  const utcYear = moment.getUTCFullYear();
  return utcYear >= 1970 && utcYear <= 9999 ? accepted(moment) : broken(field, 'moment_range');
}

function localMoment([, ...parts]: readonly (string | undefined)[], timeZone: string, dayPart: DayPart): Date | undefined {
  const [year, month, day] = parts.slice(0, 3).map(Number) as [number, number, number];
  // Zones before 1970 had odd offsets, and the year is out of range anyway.
  if (year < 1970) return new Date(0 - 86_400_000 * 365);
  if (parts[3] === undefined) return dayStartIn(timeZone, year, month, dayPart === 'end' ? day + 1 : day);
  const [hour = 0, minute = 0, second = 0] = parts.slice(3, 6).map((part) => Number(part ?? 0));
  return instantIn(timeZone, { year, month, day, hour, minute, second });
}

/** A period: `from` is inclusive, `to` is exclusive; undefined: open on that side. */
export interface Period {
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/**
 * Parses both ends of a list's period.
 * @param from its name in the request and its text.
 */
export function acceptPeriod(
  from: readonly [string, string | undefined],
  to: readonly [string, string | undefined],
  timeZone: string,
): Accepted<Period> {
  const read = ([field, text]: readonly [string, string | undefined], part: DayPart) =>
    text === undefined ? accepted(undefined) : acceptMoment(field, text, timeZone, part);
  const [first, end] = [read(from, 'begin'), read(to, 'end')];
  const errors = [first, end].flatMap((judged) => (judged.ok ? [] : judged.errors));
  if (first.ok && end.ok) return accepted({ from: first.value, to: end.value });
  return { ok: false, errors };
}

const durationShape = /^\d{1,9}(?:\.\d{1,3})? ?[a-z]{1,12}$/i;
const shortestSeconds = 60;
const longestSeconds = ms('10y') / 1000;

/**
 * Parses a duration as the `ms` library reads it, such as `30m`, `12h` or `7 days`; a bare number has no unit and is refused.
 * @param field the name in the request.
 * @returns whole seconds, from a minute to 10 years: the database turns them into a time.
 */
export function acceptDuration(field: string, text: string): Accepted<number> {
  const milliseconds = durationShape.test(text) ? ms(text as ms.StringValue) : undefined;
  if (milliseconds === undefined) return broken(field, 'duration_format');
  const seconds = Math.round(milliseconds / 1000);
  return seconds >= shortestSeconds && seconds <= longestSeconds ? accepted(seconds) : broken(field, 'duration_range');
}

function broken(field: string, code: keyof typeof lifeSpanRules): Accepted<never> {
  return refused({ field, rule: lifeSpanRules[code] });
}
