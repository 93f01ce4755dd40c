import {
  type CountryCode,
  getCountryCallingCode,
  getExampleNumber,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/mobile';
import examples from 'libphonenumber-js/mobile/examples';
import { type FieldRule, fieldRules, type Sentence, type SentenceValues } from '../problems.ts';
import { type Accepted, accepted, refused } from './result.ts';
import { foldTypedNumber } from './typed-text.ts';
import { maximumUnitsRead } from './well-formed-text.ts';

/** Maximum characters as typed, after trimming: room for 15 digits (E.164) with a sign between any two. */
const maximumTypedLength = 32;

/**
 * Regions where libphonenumber is laxer than the numbering plan. Korean numbers are 010 and eight digits: libphonenumber also accepts 0101234567,
 * which is a digit short, the prefixes 011, 016, 017, 018 and 019, switched off since all moved to 010, and 012, used by machines.
 */
const narrower: Partial<Record<CountryCode, RegExp>> = { KR: /^\+8210\d{8}$/ };

export const phoneRules = fieldRules({
  phone_empty: {
    ko: '휴대폰 번호를 적으세요. 예: {example}',
    en: 'Enter your mobile phone number, like {example}.',
  },
  phone_too_long: {
    ko: '휴대폰 번호를 {maximum}자 이하로 적으세요. 예: {example}',
    en: 'Enter a mobile phone number of at most {maximum} characters, like {example}.',
  },
  phone_characters: {
    ko: '휴대폰 번호에는 숫자와 빈칸, + - ( ) . 만 쓸 수 있습니다. 예: {example}',
    en: 'Use only digits, spaces and + - ( ) . in the mobile phone number, like {example}.',
  },
  phone_not_mobile: {
    ko: '쓸 수 없는 휴대폰 번호입니다. 빠지거나 틀린 숫자가 없는지 확인하세요. 예: {example}',
    en: 'This is not a mobile phone number. Check for a missing or wrong digit; it looks like {example}.',
  },
  phone_other_region: {
    ko: '다른 나라의 번호입니다. {region} 휴대폰 번호를 적으세요. 예: {example}',
    en: 'This number belongs to another country. Enter a mobile phone number of {region}, like {example}.',
  },
});

export interface AcceptedPhone {
  /** As typed, folded (`foldPhone`): what is stored. */
  readonly typed: string;
  /** E.164, `+` and at most 15 digits: equal for every notation of the number. */
  readonly e164: string;
}

const regionNames = { ko: new Intl.DisplayNames('ko', { type: 'region' }), en: new Intl.DisplayNames('en', { type: 'region' }) };

/** @returns the name of a country as people write it: 대한민국, South Korea. */
function regionName(region: CountryCode): Sentence {
  return { ko: regionNames.ko.of(region) ?? region, en: regionNames.en.of(region) ?? region };
}

/**
 * Checks a mobile number of the region, in national or international notation: once folded, 1 to 32 ASCII digits, spaces, and `+-().`.
 * Digits of other scripts are refused, although libphonenumber reads them: readers of the column `phone` look for ASCII digits. Letters are
 * refused for the same reason, and with them extensions.
 */
export function acceptPhone(text: string, { region }: { readonly region: CountryCode }): Accepted<AcceptedPhone> {
  const values = { example: examplePhone(region), maximum: maximumTypedLength, region: regionName(region) };
  if (text.length > maximumUnitsRead) return broken(phoneRules.phone_too_long, values);
  const typed = foldPhone(text);
  if (typed === '') return broken(phoneRules.phone_empty, values);
  if (typed.length > maximumTypedLength) return broken(phoneRules.phone_too_long, values);
  if (!/^[0-9+\-(). ]+$/.test(typed)) return broken(phoneRules.phone_characters, values);
  const number = parse(typed, region);
  if (!number?.isValid() || !/^\+\d{1,15}$/.test(number.number)) return broken(phoneRules.phone_not_mobile, values);
  if (number.country !== region) return broken(phoneRules.phone_other_region, values);
  if (narrower[region]?.test(number.number) === false) return broken(phoneRules.phone_not_mobile, values);
  return accepted({ typed, e164: number.number });
}

/** What contacts and addresses write before a number. */
const label = /^(?:tel|phone|mobile|cell|hp|h\.p|휴대폰|휴대전화|핸드폰|전화)(?:\s?(?:번호|number|no\.?))?\s?[:.=]\s?/i;
/** Dots in the middle, as they stand on business cards. */
const middleDot = /[\u00b7\u2022\u2027\u2219\u30fb\uff65\u318d\u3002\uff61]/g;

/** Folds a typed number: invisible signs and labels away, ASCII for full width, one space, hyphen or dot for what looks like one. */
function foldPhone(text: string): string {
  return foldTypedNumber(foldTypedNumber(text).replace(label, '').replace(middleDot, '.'));
}

/**
 * @returns whether two typed numbers are the same, in any notation. A text that is not a number (the original checked nothing) equals only
 *   itself, trimmed and in NFC.
 */
export function isSamePhone(left: string, right: string, region: CountryCode): boolean {
  return comparable(left, region) === comparable(right, region);
}

/**
 * Whether a text is a mobile number of the region in some spelling: with any signs between or around the digits, with the country code, with or
 * without its plus or the zero in front. Wider than `acceptPhone`: whatever that accepts is one here. A text with a letter in it is none.
 * For the rule that a password is no phone number; the person's own is not known yet when the password is chosen.
 */
export function isPhoneNumber(text: string, region: CountryCode): boolean {
  if (text.length > maximumUnitsRead || /\p{L}/u.test(text)) return false;
  const digits = text.normalize('NFKC').replace(/[^0-9]/g, '');
  return [digits, `+${digits.replace(/^0+/, '')}`].some((candidate) => {
    const number = parse(candidate, region);
    return number?.country === region && number.isValid();
  });
}

/**
 * @returns the number in national notation with all but its first three and last four digits as `*`, such as `010-****-5678`. A text
 *   that is not a number (the original checked nothing) is masked completely.
 */
export function maskPhone(typed: string, region: CountryCode): string {
  const number = typed.length > maximumUnitsRead ? undefined : parse(foldPhone(typed), region);
  const written = number?.country === region ? number.formatNational() : number?.formatInternational();
  const digits = written?.replace(/\D/g, '').length ?? 0;
  if (written === undefined || digits < 9) return '****';
  let place = 0;
  return written.replace(/\d/g, (digit) => {
    place += 1;
    return place > 3 && place <= digits - 4 ? '*' : digit;
  });
}

/** Digits by which a number may be looked for. */
const fewestDigits = 4;

/**
 * Reads what is looked for among numbers in any notation.
 * @returns at least four digits that every notation of the number holds next to each other: of a whole number, and of one begun with the country code or the
 *   zero in front, without these; undefined: the text is no part of a number.
 */
export function partOfPhone(text: string, region: CountryCode): string | undefined {
  if (text.length > maximumUnitsRead) return undefined;
  const typed = foldPhone(text);
  const digits = typed.replace(/\D/g, '');
  if (!/^[0-9+\-(). ]+$/.test(typed) || digits.length < fewestDigits) return undefined;
  const whole = parse(typed, region)?.nationalNumber;
  if (whole !== undefined && acceptPhone(typed, { region }).ok) return whole;
  const national =
    typed.startsWith('+') && digits.startsWith(getCountryCallingCode(region)) ? digits.slice(getCountryCallingCode(region).length) : digits;
  // A zero in front may also be one of the middle: of few digits it is kept, as more people would be found without it.
  const begun = national.length >= 7 ? national.replace(/^0+/, '') : national;
  return begun.length >= fewestDigits ? begun : digits;
}

/** @returns an example number of the region in national notation, for forms and messages; empty if none is known. */
export function examplePhone(region: CountryCode): string {
  return getExampleNumber(region, examples)?.formatNational() ?? '';
}

/** `extract: false`: the whole text must be the number. libphonenumber refuses texts longer than 250 characters. */
function parse(text: string, region: CountryCode): PhoneNumber | undefined {
  return parsePhoneNumberFromString(text, { defaultCountry: region, extract: false });
}

function comparable(text: string, region: CountryCode): string {
  if (text.length > maximumUnitsRead) return text;
  const typed = foldPhone(text);
  return parse(typed, region)?.number ?? typed;
}

function broken(rule: FieldRule, values: SentenceValues): Accepted<never> {
  return refused({ field: 'phone', rule, values });
}
