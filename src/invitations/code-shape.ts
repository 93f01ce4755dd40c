import { codeAlphabet, hasRightCheckCharacter } from './check-character.ts';
import { keyOfPlain, plainSpelling } from './code-key.ts';

/** The characters of a prefix; whatever else is in a text, it does not have the form of a code as a whole. */
const prefix = '[\\p{L}\\p{Nd}._~-]';
/** A prefix, a hyphen, and 13 to 40 characters in groups of five. */
const printedShape = new RegExp(
  `^(?:${prefix}{1,24}-)?(?:[${codeAlphabet}]{5}-){2}(?:[${codeAlphabet}]{3,5}|(?:[${codeAlphabet}]{5}-){1,5}[${codeAlphabet}]{1,5})$`,
  'u',
);
/** The same without separators between the groups. */
const runShape = new RegExp(`^${prefix}{0,25}[${codeAlphabet}]{13,40}$`, 'u');

/** @returns a folded code in upper case, with look-alikes folded and each run of hyphens and spaces as one hyphen. */
function normalisedPlain(plain: string): string {
  return Array.from(plain.split(/[- ]+/), keyOfPlain).filter(Boolean).join('-');
}

/** The same of a typed code. */
function normalised(text: string): string {
  return normalisedPlain(plainSpelling(text));
}

/** @returns whether a folded text as a whole has the form of a generated code, whatever its check character. */
export function isGeneratedShape(plain: string): boolean {
  const typed = normalisedPlain(plain);
  return printedShape.test(typed) || runShape.test(typed);
}

/**
 * @returns whether a text looks like a generated code with a wrong check character, that is, mistyped. Case, look-alikes, and the separators
 *   between the groups (hyphens, spaces or nothing) do not matter.
 */
export function isMistypedCode(text: string): boolean {
  return isGeneratedShape(plainSpelling(text)) && !hasRightCheckCharacter(keyOfPlain(normalised(text)));
}

/**
 * @returns whether a text is grouped like a generated code and its check character is wrong. No code of ours looks like that
 *   (`acceptCustomCode` refuses such codes), so typing one is not a guess.
 */
export function isNoCodeOfOurs(text: string): boolean {
  const typed = normalised(text);
  return printedShape.test(typed) && !hasRightCheckCharacter(keyOfPlain(typed));
}
