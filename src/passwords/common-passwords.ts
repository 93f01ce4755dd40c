import { dictionary } from '@zxcvbn-ts/language-common';

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

/**
 * 49,233 passwords, 17,950 of them of 8 characters or more (ASVS 6.2.4 asks for 3,000); the shorter ones catch `dragon!!`.
 * Loaded with the module: 20-30 ms, 8 ms for the set, 4 MB of heap. At start nobody waits for it; at the first sign-up everybody would.
 */
const commonPasswords: ReadonlySet<string> = new Set([...dictionary['passwords-common'], ...koreanPasswords]);

/**
 * @param text a password within its limits of length: the work is linear in it.
 * @returns whether it is among the first that anybody would guess: on the list, also with signs at the end; the service's name with few
 *   trimmings; a group of up to four characters over and over (`12341234`); a run of neighbours (`hijklmnop`). Case and width do not matter.
 */
export function isCommonPassword(text: string): boolean {
  const folded = foldForComparison(text);
  return (
    commonPasswords.has(folded) ||
    commonPasswords.has(withoutSignsAtTheEnd(folded)) ||
    serviceNames.some((name) => isWordWithTrimmings(folded, name)) ||
    isRepetition(folded) ||
    isRun(folded)
  );
}

/**
 * @returns whether a text is nothing but the word, once or more often, with at most six digits or signs in all, as many as a year and two signs
 * (`Hong-GilDong1990!`).
 *   Case, width and white space do not matter, whatever is a sign in the word included. An empty word is in no text.
 */
export function isWordWithTrimmings(text: string, word: string): boolean {
  const compact = foldForComparison(text).replace(/\p{White_Space}/gu, '');
  const wanted = foldForComparison(word).replace(/\p{White_Space}/gu, '');
  if (wanted === '' || !compact.includes(wanted)) return false;
  return /^[\p{N}\p{P}\p{S}]{0,6}$/u.test(compact.replaceAll(wanted, ''));
}

/** NFKC makes full-width letters ordinary ones: for comparing only, never for what is hashed. */
function foldForComparison(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** A loop, since `/[…]+$/` takes quadratic time on signs in the middle. */
function withoutSignsAtTheEnd(text: string): string {
  const characters = Array.from(text);
  while (/^[\p{P}\p{S}]$/u.test(characters.at(-1) ?? '')) characters.pop();
  return characters.join('');
}

function isRepetition(text: string): boolean {
  const characters = Array.from(text);
  return [1, 2, 3, 4].some(
    (period) =>
      characters.length >= 2 * period && characters.every((character, at) => at < period || character === characters[at - period]),
  );
}

/** Each code point one above, or each one below, the one before it. */
function isRun(text: string): boolean {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const step = (points[1] ?? 0) - (points[0] ?? 0);
  return Math.abs(step) === 1 && points.every((point, at) => at === 0 || point - (points[at - 1] ?? 0) === step);
}
