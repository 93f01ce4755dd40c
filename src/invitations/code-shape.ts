import { codeAlphabet, hasRightCheckCharacter } from './check-character.ts';
import { keyOfCode, plainSpelling } from './code-key.ts';

/** A prefix, its hyphen, and groups of five of 13 to 40 characters together. */
const printedShape = new RegExp(
  `^(?:.{1,24}-)?(?:[${codeAlphabet}]{5}-){2}(?:[${codeAlphabet}]{3,5}|(?:[${codeAlphabet}]{5}-){1,5}[${codeAlphabet}]{1,5})$`,
  'u',
);
/** The same with nothing between the groups. */
const runShape = new RegExp(`^.{0,25}[${codeAlphabet}]{13,40}$`, 'u');

/** @returns a typed code in upper case, without look-alikes, one hyphen where hyphens and spaces were. */
function normalised(text: string): string {
  return Array.from(plainSpelling(text).split(/[- ]+/), keyOfCode).filter(Boolean).join('-');
}

/**
 * @returns whether a text looks like a generated code whose check character does not fit: its writer mistyped something. Case, look-alikes, and
 *   whether there are hyphens, spaces or nothing between the groups do not matter.
 */
export function isMistypedCode(text: string): boolean {
  const typed = normalised(text);
  return (printedShape.test(typed) || runShape.test(typed)) && !hasRightCheckCharacter(keyOfCode(typed));
}

/**
 * @returns whether a text is grouped as generated codes are and its check character does not fit. No code that was made here looks like that:
 *   `acceptCustomCode` refuses those. So whoever types one guesses nothing.
 */
export function isNoCodeOfOurs(text: string): boolean {
  const typed = normalised(text);
  return printedShape.test(typed) && !hasRightCheckCharacter(keyOfCode(typed));
}
