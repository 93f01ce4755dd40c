import { type FieldRule, fieldRules, type SentenceValues } from '../problems.ts';
import { type Accepted, accepted, refused } from '../rules/result.ts';
import { countCodePoints, hasUnusableCharacter, maximumUnitsRead } from '../rules/well-formed-text.ts';
import { isCommonPassword, isWordWithTrimmings } from './common-passwords.ts';
import { isDate, isNumberWithTrimmings } from './number-passwords.ts';

/** Bytes in UTF-8 after NFC. bcrypt silently ignores everything beyond. */
export const maximumPasswordBytes = 72;

export const passwordRules = fieldRules({
  password_too_short: {
    ko: '비밀번호를 {minimum}자 이상으로 정하세요.',
    en: 'Choose a password of at least {minimum} characters.',
  },
  password_too_long: {
    ko: '비밀번호가 너무 깁니다. 영문자와 숫자로 {maximum}자까지 쓸 수 있고, 한글은 한 글자가 세 자로 계산됩니다.',
    en: 'This password is too long. Up to {maximum} letters and digits fit; a Hangul syllable counts as three.',
  },
  password_characters: {
    ko: '비밀번호에 줄바꿈 같은 제어 문자나 깨진 문자를 쓸 수 없습니다. 지우고 다시 적으세요.',
    en: 'A password cannot contain line breaks or other control characters, nor broken characters. Remove them.',
  },
  password_too_common: {
    ko: '누구나 쉽게 짐작할 수 있는 비밀번호입니다. 다른 비밀번호를 정하세요.',
    en: 'This password is too easy to guess. Choose another one.',
  },
  password_is_name: {
    ko: '이름은 비밀번호로 쓸 수 없습니다. 다른 비밀번호를 정하세요.',
    en: 'Your name cannot be your password. Choose another one.',
  },
  password_is_phone: {
    ko: '휴대폰 번호는 비밀번호로 쓸 수 없습니다. 다른 비밀번호를 정하세요.',
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
  /** The person's name, which may not be the password. Empty: not known. */
  readonly name: string;
  /**
   * Whether ASCII digits are a phone number, with or without the country code. Any number is refused, since the person's own may come in a later
   * step, and then only the hash of the password is left to compare it with.
   */
  readonly isPhoneNumber: (digits: string) => boolean;
}

/**
 * Checks a password and returns it as it will be hashed: NFC, otherwise as typed. Nothing is trimmed and no character classes are required
 * (NIST SP 800-63B, 5.1.1.2). At least `minimumLength` visible code points and at most 72 bytes in UTF-8; no lone surrogates, no NUL (some
 * bcrypt libraries stop there), no controls. Not the name, a phone number, a date, or a common password (OWASP ASVS 5.0, 6.2.4 and 6.2.11),
 * nor one of them with at most three other characters or in look-alikes. Only the first broken rule is reported.
 */
export function acceptPassword(text: string, { minimumLength, name, isPhoneNumber }: PasswordContext): Accepted<string> {
  if (text.length > maximumUnitsRead) return broken(passwordRules.password_too_long, { maximum: maximumPasswordBytes });
  const password = normalizePassword(text);
  if (hasUnusableCharacter(password)) return broken(passwordRules.password_characters);
  if (Buffer.byteLength(password) > maximumPasswordBytes) return broken(passwordRules.password_too_long, { maximum: maximumPasswordBytes });
  if (countSeen(password) < minimumLength) return broken(passwordRules.password_too_short, { minimum: minimumLength });
  // A name that the name step would refuse is not worth comparing.
  if (name.length <= maximumUnitsRead && isWordWithTrimmings(password, name)) return broken(passwordRules.password_is_name);
  if (isDate(password)) return broken(passwordRules.password_is_birthday);
  if (isNumberWithTrimmings(password, isPhoneNumber)) return broken(passwordRules.password_is_phone);
  if (isCommonPassword(password)) return broken(passwordRules.password_too_common);
  return accepted(password);
}

/**
 * NFC, as in the OpaqueString profile of RFC 8265, so that a password typed on a Mac (decomposed) and on Windows is the same.
 * Not NFKC, and spaces are not mapped: other programs that check the hashes need only this one step and no tables.
 */
export function normalizePassword(text: string): string {
  return text.normalize('NFC');
}

/**
 * @returns the number of code points that a person has to know: without invisible characters, with runs of white space as one space and none at
 *   the ends, and with at most two marks per character, the most that Thai and Vietnamese use.
 */
function countSeen(password: string): number {
  const seen = password
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/gu, '')
    .replace(/\p{White_Space}+/gu, ' ')
    .trim()
    .replace(/(\p{M}{2})\p{M}+/gu, '$1');
  return countCodePoints(seen.normalize('NFC'));
}

function broken(rule: FieldRule, values: SentenceValues = {}): Accepted<never> {
  return refused({ field: 'password', rule, values });
}
