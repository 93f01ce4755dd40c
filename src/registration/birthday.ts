import { type FieldRule, fieldRules, type SentenceValues } from '../problems.ts';
import { dateReader, isCalendarDate } from '../rules/calendar-date.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { foldTypedNumber } from '../rules/typed-text.ts';
import { maximumUnitsRead } from '../rules/well-formed-text.ts';

/** The earliest birthday we accept; no living person was born before it. */
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
    ko: '만 {minimum}세부터 가입할 수 있습니다. 입력한 내용은 지웠습니다.',
    en: 'You need to be {minimum} or older to sign up. What you entered was deleted.',
  },
});

export interface BirthdayContext {
  /** `YYYY-MM-DD` in the service's zone, from `todayIn`. */
  readonly today: string;
  /** Full years. Undefined: no minimum. */
  readonly minimumAge?: number | undefined;
}

/**
 * Validates a birthday and returns it folded (`foldTypedNumber`): `YYYY-MM-DD`, a calendar day from 1900-01-01 to today.
 * It stays text from end to end and is compared as text, so a time zone cannot shift it.
 * A person who is too young breaks only `birthdayRules.birthday_below_minimum_age`; the caller then deletes the session's data.
 */
export function acceptBirthday(sent: string, { today, minimumAge }: BirthdayContext): Accepted<string> {
  // Check the length first, so that no regular expression sees long input.
  const text = sent.length > maximumUnitsRead ? '' : foldTypedNumber(sent);
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
 * Age in full years (만 나이), both dates as `YYYY-MM-DD`. The age goes up on the birthday itself, because the day of birth counts
 * as the first day (Korean Civil Act, article 158).
 *
 * People born on 29 February turn a year older on 1 March in common years: by article 160 the year is complete at the end of
 * 28 February. This is also the strictest reading, so it never lets a person in a day too early.
 */
function ageOn(birthday: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birthday.slice(0, 4));
  return today.slice(5) < birthday.slice(5) ? years - 1 : years;
}

/**
 * @param timeZone an IANA name, independent of the zone of the process.
 * @returns the date in that zone at that instant, `YYYY-MM-DD`.
 * @throws RangeError if the runtime does not know the zone.
 */
export function todayIn(timeZone: string, now: Date): string {
  return dateReader(timeZone)(now);
}

function broken(rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field: 'birthday', rule, values });
}
