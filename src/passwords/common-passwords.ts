import { dictionary } from '@zxcvbn-ts/language-common';
import { latinLook, plainText } from '../rules/look-alikes.ts';

/**
 * Passwords that attackers try first but that the published list, which is English, does not have: Korean words, as syllables
 * and as typed on a keyboard left in English (`qlalfqjsgh` is 비밀번호).
 */
const koreanPasswords = [
  '가나다라마바사아',
  '가나다라마바사아자차카타파하',
  '안녕하세요안녕하세요',
  'dkssudgktpdy',
  'eogksalsrnr',
  'qlalfqjsgh',
  'rkskekfkakqktk',
  'tkfkdgody',
];

/** OWASP ASVS 5.0, 6.1.2 and 6.2.11: context-specific words are not allowed as passwords. */
const serviceNames = ['chodae', '초대'];

const looksLikeLetter: Readonly<Record<string, string>> = {
  ...{
    '@': 'a',
    4: 'a',
    8: 'b',
    '€': 'e',
    3: 'e',
    9: 'g',
    6: 'g',
    1: 'i',
    '!': 'i',
    '|': 'i',
    l: 'i',
    0: 'o',
    5: 's',
    $: 's',
    7: 't',
    '+': 't',
    2: 'z',
  },
};

/**
 * 49,233 passwords, 17,950 of them of 8 characters or more (ASVS 6.2.4 asks for 3,000); the shorter ones catch `dragon!!`. Stored as
 * `readingOf` reads them, so that `p@ssword` and `passw0rd` are one entry. Loaded with the module, so that no sign-up waits for it.
 */
const commonPasswords: ReadonlySet<string> = new Set([...dictionary['passwords-common'], ...koreanPasswords].map(readingOf));

/** Code points around a forbidden word that do not make it an acceptable password. */
export const trimmings = 3;
/** Length of the shortest word searched inside such trimmings: what they leave of the shortest password. */
const shortestWord = 5;

/**
 * @param text a password within the length limits: the work is linear in its length.
 * @returns whether it is among the first guesses, forwards or backwards: on the list, the service's name, a repeated group of up to four
 *   characters (`12341234`), or a run of neighbours (`hijklmnop`); each also with up to three characters around it or any signs behind
 *   it. Ignores case, width, accents, invisible characters, spaces and signs in between, and look-alikes (`p@ssw0rd`, Cyrillic `а`).
 */
export function isCommonPassword(text: string): boolean {
  const readings = [plainText(text).trim(), latinLook(text).trim()];
  return (
    serviceNames.some((name) => isWordWithTrimmings(text, name)) ||
    readings.some((reading) => isCommonWithTrimmings(reading) || isOnTheList(reversed(reading))) ||
    readings.flatMap((reading) => [withoutSignsAtTheEnd(reading), withoutFewSigns(reading)]).some((word) => isCommonWord(Array.from(word)))
  );
}

function isCommonWithTrimmings(text: string): boolean {
  const characters = Array.from(text);
  for (let before = 0; before <= trimmings; before += 1) {
    for (let after = 0; before + after <= trimmings; after += 1) {
      const inner = characters.slice(before, characters.length - after);
      if (inner.length >= shortestWord && isCommonWord(inner)) return true;
    }
  }
  return false;
}

function isCommonWord(characters: readonly string[]): boolean {
  return isOnTheList(characters.join('')) || isRepetition(characters) || isRun(characters);
}

function isOnTheList(text: string): boolean {
  return commonPasswords.has(readingOf(text));
}

/**
 * @returns whether a text is only the word, forwards or backwards, once or repeated, with at most three other characters or six digits
 *   or signs (enough for a year and two signs: `Hong-GilDong1990!`). Ignores case, width, accents, invisible characters, white space and
 *   look-alikes. No text contains an empty word.
 */
export function isWordWithTrimmings(text: string, word: string): boolean {
  // Twice: some Greek capitals and their small letters resemble different Latin letters.
  return [plainText, (each: string) => readingOf(latinLook(each))].some((read) => {
    const compact = withoutSpaces(read(text));
    const wanted = withoutSpaces(read(word));
    return isRestSmall(compact, wanted) || isRestSmall(compact, reversed(wanted));
  });
}

function isRestSmall(text: string, word: string): boolean {
  if (word === '' || !text.includes(word)) return false;
  const rest = text.replaceAll(word, '');
  return Array.from(rest).length <= trimmings || /^[\p{N}\p{P}\p{S}]{0,6}$/u.test(rest);
}

/**
 * @param text in lower case.
 * @returns the text with digits and signs replaced by the letters they stand for in `p@ssw0rd`; `1` and `l` both become `i`.
 */
function readingOf(text: string): string {
  return text.replace(/[@48€3961!|l05$7+2]/g, (character) => looksLikeLetter[character] ?? character);
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}

function withoutSpaces(text: string): string {
  return text.replace(/\p{White_Space}/gu, '');
}

/** Removes signs and spaces if they are the minority, as in `p-a-s-s-w-o-r-d`; a password made of signs stays as it is. */
function withoutFewSigns(text: string): string {
  const rest = text.replace(/[\p{P}\p{S}\p{White_Space}]/gu, '');
  return 2 * rest.length > text.length ? rest : text;
}

/** A loop, because `/[…]+$/` takes quadratic time on signs in the middle. */
function withoutSignsAtTheEnd(text: string): string {
  const characters = Array.from(text);
  while (/^[\p{P}\p{S}\p{White_Space}]$/u.test(characters.at(-1) ?? '')) characters.pop();
  return characters.join('');
}

function isRepetition(characters: readonly string[]): boolean {
  return [1, 2, 3, 4].some(
    (period) =>
      characters.length >= 2 * period && characters.every((character, at) => at < period || character === characters[at - period]),
  );
}

/** Whether each code point is one above, or each one below, the previous one. */
function isRun(characters: readonly string[]): boolean {
  const points = characters.map((character) => character.codePointAt(0) ?? 0);
  const step = (points[1] ?? 0) - (points[0] ?? 0);
  return Math.abs(step) === 1 && points.every((point, at) => at === 0 || point - (points[at - 1] ?? 0) === step);
}
