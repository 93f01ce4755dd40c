import { type Accepted, accepted, refused } from '../accepted.ts';
import { dateReader, isCalendarDate } from '../calendar-date.ts';
import { type FieldRule, fieldRules, type SentenceValues } from '../errors.ts';

/** The first birthday that is believed; nobody alive was born before it. */
const earliestBirthday = '1900-01-01';

export const birthdayRules = fieldRules({
  birthday_format: {
    ko: '생년월일을 1990-01-01처럼 연-월-일로 적으세요.',
    en: 'Enter your birthday as year-month-day, like 1990-01-01.',
  },
  birthday_not_a_date: {
    ko: '달력에 없는 날짜입니다. 생년월일을 다시 확인하세요.',
    en: 'There is no such day in the calendar. Check your birthday.',
  },
  birthday_in_future: {
    ko: '아직 오지 않은 날짜입니다. 생년월일을 다시 확인하세요.',
    en: 'That day is still to come. Check your birthday.',
  },
  birthday_too_early: {
    ko: '{earliest} 이후의 생년월일을 적으세요.',
    en: 'Enter a birthday on or after {earliest}.',
  },
  birthday_below_minimum_age: {
    ko: '만 {minimum}세부터 가입할 수 있습니다. 지금은 가입할 수 없습니다.',
    en: 'You can sign up from the age of {minimum}; not yet, therefore.',
  },
});

export interface BirthdayContext {
  /** `YYYY-MM-DD` in the service's zone, from `todayIn`. */
  readonly today: string;
  /** Full years; undefined: no minimum. */
  readonly minimumAge?: number | undefined;
}

/**
 * The birthday as it is stored: exactly the `YYYY-MM-DD` that was sent, a day of the calendar from 1900-01-01 to today.
 * It stays text from end to end, and dates are compared as text, so no zone of the process can shift it.
 * Too young gives the rule `birthdayRules.birthday_below_minimum_age`, alone, by which the caller knows to delete the session's data.
 */
export function acceptBirthday(text: string, { today, minimumAge }: BirthdayContext): Accepted<string> {
  // Ten characters, bounded: the expression never sees a long text.
  if (text.length !== 10 || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return broken(birthdayRules.birthday_format);
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  if (!isCalendarDate(year, month, day)) return broken(birthdayRules.birthday_not_a_date);
  if (text < earliestBirthday) return broken(birthdayRules.birthday_too_early, { earliest: earliestBirthday });
  if (text > today) return broken(birthdayRules.birthday_in_future);
  if (minimumAge !== undefined && ageOn(text, today) < minimumAge) {
    return broken(birthdayRules.birthday_below_minimum_age, { minimum: minimumAge });
  }
  return accepted(text);
}

/**
 * The age in full years (만 나이), both dates as `YYYY-MM-DD`: a year is added on the birthday itself, since the day of birth counts
 * as the first day (Korean Civil Act, article 158).
 *
 * Whoever was born on 29 February is a year older on 1 March of a common year. Article 160 lets a period of years end on the day before
 * the day that corresponds to its first, and, where that month has no such day, on the month's last day: the year is complete with
 * the end of 28 February. It is the stricter reading too: no other gives a later day, so nobody is let in a day too early.
 */
function ageOn(birthday: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birthday.slice(0, 4));
  return today.slice(5) < birthday.slice(5) ? years - 1 : years;
}

/**
 * @param timeZone an IANA name; the zone of the process does not matter.
 * @returns the date there at that instant, `YYYY-MM-DD`.
 * @throws RangeError for a zone that the runtime does not know.
 */
export function todayIn(timeZone: string, now: Date): string {
  return dateReader(timeZone)(now);
}

function broken(rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field: 'birthday', rule, values });
}
