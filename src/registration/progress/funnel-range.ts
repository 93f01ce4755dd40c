import { fieldRules } from '../../problems.ts';
import { type Accepted, accepted, refused } from '../../rules/result.ts';
import { acceptMoment, type DayPart, lifeSpanRules } from '../../rules/validity.ts';
import { type CalendarDays, moveDate } from './calendar-days.ts';

export const funnelRules = fieldRules({
  range_bound_year: { ko: '{first}년부터 {last}년까지의 시각을 적으세요.', en: 'Give a time in the years {first} to {last}.' },
  range_backwards: { ko: 'from이 to보다 앞서야 합니다.', en: 'The range must begin (from) before it ends (to).' },
  range_too_long: { ko: '한 번에 {days}일까지만 조회할 수 있습니다.', en: 'The range may have at most {days} days.' },
});

/** Maximum length of a range in days: a leap year. */
const longestRange = 366;
/** Default length of a range in days, including today. */
const usualRange = 30;
const hour = 3_600_000;
/** Nothing was recorded earlier, and calendar arithmetic needs four-digit years. */
const firstYear = 2000;
const lastYear = 2999;

export interface FunnelRange {
  readonly from: Date;
  /** The end of the range, exclusive. */
  readonly to: Date;
}

/**
 * Validates the ends of a range. A date means the whole day; a time is exact. Default: the last 30 days, today included.
 * @param now the database's time.
 */
export function acceptFunnelRange(
  asked: { readonly from?: string | undefined; readonly to?: string | undefined },
  { days, now, timeZone }: { readonly days: CalendarDays; readonly now: Date; readonly timeZone: string },
): Accepted<FunnelRange> {
  const to = asked.to === undefined ? accepted(now) : acceptBound('to', asked.to, timeZone, 'end');
  if (!to.ok) return to;
  const usualStart = () => days.startOf(moveDate(days.dateOf(new Date(to.value.getTime() - 1)), 1 - usualRange));
  const from = asked.from === undefined ? accepted(usualStart()) : acceptBound('from', asked.from, timeZone, 'begin');
  if (!from.ok) return from;

  const field = asked.from === undefined ? 'to' : 'from';
  const length = to.value.getTime() - from.value.getTime();
  if (length <= 0) return refused({ field, rule: funnelRules.range_backwards });
  // One hour more, because clocks may have been put back within the range.
  if (length > (longestRange * 24 + 1) * hour) {
    return refused({ field, rule: funnelRules.range_too_long, values: { days: longestRange } });
  }
  return accepted({ from: from.value, to: to.value });
}

function acceptBound(field: string, text: string, timeZone: string, part: DayPart): Accepted<Date> {
  const bound = acceptMoment(field, text, timeZone, part);
  if (!bound.ok && bound.errors.every(({ rule }) => rule !== lifeSpanRules.moment_range)) return bound;
  const year = bound.ok ? bound.value.getUTCFullYear() : 0;
  return year >= firstYear && year <= lastYear
    ? bound
    : refused({ field, rule: funnelRules.range_bound_year, values: { first: firstYear, last: lastYear } });
}
