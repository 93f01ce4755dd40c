import { dictionary } from '@zxcvbn-ts/language-common';
import { latinLook, plainText } from '../look-alikes.ts';

/**
 * Whatever an attacker tries first although the published list, which is English, does not have it: Korean words, as syllables
 * and as the keys that write them on a keyboard left in English (`qlalfqjsgh` is 비밀번호).
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

/** OWASP ASVS 5.0, 6.1.2 and 6.2.11: words of the context are no passwords. */
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
 * 49,233 passwords, 17,950 of them of 8 characters or more (ASVS 6.2.4 asks for 3,000); the shorter ones catch `dragon!!`. Kept as they read
 * (`readingOf`), so that `p@ssword` and `passw0rd` are one. Loaded with the module, before the first sign-up would have to wait for it.
 */
const commonPasswords: ReadonlySet<string> = new Set([...dictionary['passwords-common'], ...koreanPasswords].map(readingOf));

/** Code points that may stand beside a forbidden word without making a password of it. */
export const trimmings = 3;
/** Code points of the shortest word that is looked for among trimmings: what they leave of the shortest password. */
const shortestWord = 5;

/**
 * @param text a password within its limits of length: the work is linear in it.
 * @returns whether it is among the first that anybody would guess, forwards or backwards: on the list, the service's name, a group of up to four
 *   characters over and over (`12341234`), or a run of neighbours (`hijklmnop`); each also with up to three characters around it or any signs behind
 *   it. Case, width, accents, invisible characters, spaces and signs in between, and look-alikes (`p@ssw0rd`, Cyrillic `а`) make no difference.
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
 * @returns whether a text is nothing but the word, forwards or backwards, once or more often, with at most three other characters, or with six digits
 * or signs (as many as a year and two signs: `Hong-GilDong1990!`).
 *   Case, width, accents, invisible characters, white space and look-alikes do not matter. An empty word is in no text.
 */
export function isWordWithTrimmings(text: string, word: string): boolean {
  // Twice: in Greek a capital and its small letter look like two different Latin letters.
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
 * @returns it with digits and signs as the letters that they stand for in `p@ssw0rd`; `1` and `l` both read as `i`.
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

/** Takes signs and spaces out where they are fewer than the rest, as in `p-a-s-s-w-o-r-d`; a password that is made of signs stays what it is. */
function withoutFewSigns(text: string): string {
  const rest = text.replace(/[\p{P}\p{S}\p{White_Space}]/gu, '');
  return 2 * rest.length > text.length ? rest : text;
}

/** A loop, since `/[…]+$/` takes quadratic time on signs in the middle. */
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

/** Each code point one above, or each one below, the one before it. */
function isRun(characters: readonly string[]): boolean {
  const points = characters.map((character) => character.codePointAt(0) ?? 0);
  const step = (points[1] ?? 0) - (points[0] ?? 0);
  return Math.abs(step) === 1 && points.every((point, at) => at === 0 || point - (points[at - 1] ?? 0) === step);
}
