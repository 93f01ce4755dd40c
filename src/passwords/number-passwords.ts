import { isCalendarDate } from '../rules/calendar-date.ts';
import { plainText } from '../rules/look-alikes.ts';
import { trimmings } from './common-passwords.ts';

/** The longest number searched for: E.164 has 15 digits. */
const longestNumber = 15;

/** The digits of a text, and its other characters. */
interface Reading {
  readonly digits: string;
  /** Code points other than digits, signs and spaces. */
  readonly others: number;
}

/**
 * @param isNumber judges ASCII digits.
 * @returns whether a text is such a number, once or repeated, with at most three other characters; signs and spaces do not count. Digits of
 *   every script are accepted, and O, I and L count as 0 and 1 where that makes a number.
 */
export function isNumberWithTrimmings(text: string, isNumber: (digits: string) => boolean): boolean {
  return readings(text, /\p{N}/gu, (group) => group).some(({ digits, others }) => holdsNumber(digits, others, isNumber));
}

/**
 * Whether a text is a date with at most three other characters (`a19900101`): year first, day first, or month first, with a year from 1900 to
 * 2099 or of two digits; with any signs, or 년, 월 and 일, between the numbers, or with none. With a date of six digits no further digit
 * is allowed beside it: every third number of eight digits would contain such a date.
 */
export function isDate(text: string): boolean {
  const counted = /[\p{N}년월일]/gu;
  // A single digit may be a month or a day, or one of the other characters.
  return [...readings(text, counted, (group) => group.padStart(2, '0')), ...readings(text, counted, (group) => group)].some(
    ({ digits, others }) =>
      holdsNumber(digits, others, (number) => (number.length === 8 || digits.replaceAll(number, '') === '') && isDayOfDigits(number)),
  );
}

/**
 * @param counted what does not count as another character.
 * @param written how a group of digits is written.
 */
function readings(text: string, counted: RegExp, written: (group: string) => string): Reading[] {
  const plain = plainText(text);
  return [plain, plain.replace(/[oil]/g, (letter) => (letter === 'o' ? '0' : '1'))].map((reading) => ({
    digits: (reading.match(/[0-9]+/g) ?? []).map(written).join(''),
    others: Array.from(reading.replace(counted, '').replace(/[\p{P}\p{S}\p{White_Space}]/gu, '')).length,
  }));
}

/** Tries only the numbers that begin within the first characters: later ones would leave too many others. */
function holdsNumber(digits: string, others: number, isNumber: (digits: string) => boolean): boolean {
  for (let begin = 0; others + begin <= trimmings; begin += 1) {
    for (let end = Math.min(digits.length, begin + longestNumber); end > begin; end -= 1) {
      const number = digits.slice(begin, end);
      if (others + digits.replaceAll(number, '').length <= trimmings && isNumber(number)) return true;
    }
  }
  return false;
}

function isDayOfDigits(digits: string): boolean {
  if (digits.length !== 8 && digits.length !== 6) return false;
  const [start, end] = [Number(digits.slice(0, 2)), Number(digits.slice(-2))];
  const middle = Number(digits.slice(-4, -2));
  return (
    isRecentDate(digits.slice(0, -4), middle, end) ||
    isRecentDate(digits.slice(4), Number(digits.slice(2, 4)), start) ||
    isRecentDate(digits.slice(4), start, Number(digits.slice(2, 4)))
  );
}

function isRecentDate(digitsOfYear: string, month: number, day: number): boolean {
  const year = digitsOfYear.length === 2 ? 2000 + Number(digitsOfYear) : Number(digitsOfYear);
  return year >= 1900 && year <= 2099 && isCalendarDate(year, month, day);
}
