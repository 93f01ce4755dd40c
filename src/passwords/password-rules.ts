import { type Accepted, accepted, refused } from '../accepted.ts';
import { isCalendarDate } from '../calendar-date.ts';
import { type FieldRule, fieldRules, type SentenceValues } from '../errors.ts';
import { countCodePoints, hasUnusableCharacter, maximumUnitsRead } from '../well-formed-text.ts';
import { isCommonPassword, isWordWithTrimmings } from './common-passwords.ts';

/** Bytes in UTF-8 after NFC. bcrypt reads no more: what comes after would not count, and nobody would be told. */
export const maximumPasswordBytes = 72;

export const passwordRules = fieldRules({
  password_too_short: {
    ko: '비밀번호를 {minimum}자 이상으로 정하세요.',
    en: 'Choose a password of at least {minimum} characters.',
  },
  password_too_long: {
    ko: '비밀번호를 {maximum}바이트(UTF-8) 이하로 정하세요. 영문자와 숫자는 1바이트, 한글은 한 글자에 3바이트입니다.',
    en: 'Choose a password of at most {maximum} bytes in UTF-8. An English letter or a digit takes 1 byte, a Hangul syllable 3.',
  },
  password_characters: {
    ko: '비밀번호에 줄바꿈 같은 제어 문자나 깨진 문자를 쓸 수 없습니다. 지우고 다시 적으세요.',
    en: 'A password cannot hold line breaks or other control characters, nor broken characters. Remove them.',
  },
  password_too_common: {
    ko: '누구나 쉽게 짐작할 수 있는 비밀번호입니다. 다른 비밀번호를 정하세요.',
    en: 'This password is among the first that anybody would guess. Choose another one.',
  },
  password_is_name: {
    ko: '이름은 비밀번호로 쓸 수 없습니다. 다른 비밀번호를 정하세요.',
    en: 'Your name cannot be your password. Choose another one.',
  },
  password_is_phone: {
    ko: '전화번호는 비밀번호로 쓸 수 없습니다. 다른 비밀번호를 정하세요.',
    en: 'A phone number cannot be your password. Choose another one.',
  },
  password_is_birthday: {
    ko: '생일 같은 날짜는 비밀번호로 쓸 수 없습니다. 다른 비밀번호를 정하세요.',
    en: 'A date, such as a birthday, cannot be your password. Choose another one.',
  },
});

export interface PasswordContext {
  /** Code points. */
  readonly minimumLength: number;
  /** The person's name, which is no password. Empty: not known. */
  readonly name: string;
  /**
   * Whether a text is a phone number, in any spelling. Any number is refused, since the person's own may come later, and then only the hash of the
   * password is there to compare it with.
   */
  readonly isPhoneNumber: (text: string) => boolean;
}

/**
 * The password as it is hashed: in NFC, otherwise as typed; nothing is trimmed and no kind of character is asked for (NIST SP 800-63B, 5.1.1.2).
 * At least `minimumLength` code points and at most 72 bytes in UTF-8; no lone surrogates, no NUL (bcrypt stops there in some libraries), no controls.
 * Not the name, a phone number, a date, or a common password (OWASP ASVS 5.0, 6.2.4 and 6.2.11). Only the first broken rule is told.
 */
export function acceptPassword(text: string, { minimumLength, name, isPhoneNumber }: PasswordContext): Accepted<string> {
  if (text.length > maximumUnitsRead) return broken(passwordRules.password_too_long, { maximum: maximumPasswordBytes });
  const password = normalizePassword(text);
  if (hasUnusableCharacter(password)) return broken(passwordRules.password_characters);
  if (Buffer.byteLength(password) > maximumPasswordBytes) return broken(passwordRules.password_too_long, { maximum: maximumPasswordBytes });
  if (countCodePoints(password) < minimumLength) return broken(passwordRules.password_too_short, { minimum: minimumLength });
  // A name that no field would take is nobody's name, and is not worth comparing.
  if (name.length <= maximumUnitsRead && isWordWithTrimmings(password, name)) return broken(passwordRules.password_is_name);
  if (isCommonPassword(password)) return broken(passwordRules.password_too_common);
  if (isPlainDate(password)) return broken(passwordRules.password_is_birthday);
  if (isPhoneNumber(password)) return broken(passwordRules.password_is_phone);
  return accepted(password);
}

/**
 * NFC, as the profile OpaqueString of RFC 8265 has it, so that a password typed on a Mac (decomposed) and on Windows is the same one.
 * Not NFKC, and spaces stay the spaces they are: whoever checks the hashes elsewhere needs this one step and no table.
 */
export function normalizePassword(text: string): string {
  return text.normalize('NFC');
}

/**
 * Whether a text is a day and nothing else: year first, day first, or month first, the year from 1900 to 2099 or of two digits; with any signs,
 * 년, 월 and 일 between the numbers, or with none.
 */
function isPlainDate(text: string): boolean {
  const plain = text.normalize('NFKC');
  if (/[^\p{N}\p{P}\p{S}\p{White_Space}년월일]/u.test(plain)) return false;
  const digits = (plain.match(/[0-9]+/g) ?? []).map((group) => group.padStart(2, '0')).join('');
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

function broken(rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field: 'password', rule, values });
}
