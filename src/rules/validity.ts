import ms from 'ms';
import { fieldRules } from '../problems.ts';
import { isCalendarDate } from './calendar-date.ts';
import { type Accepted, accepted, refused } from './result.ts';

export const lifeSpanRules = fieldRules({
  moment_format: {
    ko: '2030-01-31T09:00:00Z나 2030-01-31T18:00:00+09:00처럼 시간대까지 적으세요. 주소에 넣을 때는 +를 %2B로 적습니다.',
    en: 'Write a time with its offset, like 2030-01-31T09:00:00Z or 2030-01-31T18:00:00+09:00. In a URL, write + as %2B.',
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
const momentShape = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;
/** `9999-12-31T23:59:59.123456789+09:00`. */
const longestMoment = 35;

/**
 * Parses a time in the form of RFC 3339, with an offset, in the years 1970 to 9999 in UTC: these have the same text form
 * everywhere. Digits beyond milliseconds are cut off.
 * @param field the name in the request.
 */
export function acceptMoment(field: string, text: string): Accepted<Date> {
  const parts = text.length > longestMoment ? null : momentShape.exec(text);
  if (!parts) return broken(field, 'moment_format');
  const [year, month, day] = parts.slice(1, 4).map(Number) as [number, number, number];
  if (!isCalendarDate(year, month, day)) return broken(field, 'moment_format');
  const moment = new Date(text.toUpperCase());
  const utcYear = moment.getUTCFullYear();
  return utcYear >= 1970 && utcYear <= 9999 ? accepted(moment) : broken(field, 'moment_range');
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
export function acceptPeriod(from: readonly [string, string | undefined], to: readonly [string, string | undefined]): Accepted<Period> {
  const [first, end] = [from, to].map(([field, text]) => (text === undefined ? accepted(undefined) : acceptMoment(field, text)));
  const errors = [first, end].flatMap((judged) => (judged === undefined || judged.ok ? [] : judged.errors));
  if (first?.ok && end?.ok) return accepted({ from: first.value, to: end.value });
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
