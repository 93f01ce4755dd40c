import { foldWidth, withoutInvisible } from '../rules/typed-text.ts';

/**
 * People take two codes for the same if they differ only in case, spaces, hyphens, and look-alike characters: O and 0; I, L and 1.
 * A code without these differences is its key.
 */

const lookAlikes: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/**
 * The key of a text in this process, for the check character and for files; look-ups use `codeKey` of `database/folded-text.ts`, the expression of the
 * index. Both agree on ASCII, Hangul and everything that is folded; upper-casing other letters depends on the locale of the database (under C, é stays é).
 */
export function keyOfCode(text: string): string {
  return keyOfPlain(plainSpelling(text));
}

/** The same of a text that is folded already (`plainSpelling`), for readers that ask for hundreds of pieces of one. */
export function keyOfPlain(plain: string): string {
  return plain.toUpperCase().replace(/[OIL\- ]/g, (character) => lookAlikes[character] ?? '');
}

/**
 * Folds a typed code to the characters of codes: NFC; full-width letters, digits and signs of East Asian keyboards to ASCII;
 * every dash to a hyphen and white space of every kind to a space; removes invisible characters, which come along when a code is copied from a page.
 */
export function plainSpelling(text: string): string {
  // A text of printable ASCII is plain already.
  if (/^[ -~]*$/.test(text)) return text;
  return withoutInvisible(
    foldWidth(text)
      .replace(/[\p{Pd}\u2212\u2043\u02d7]/gu, '-')
      .replace(/\p{White_Space}/gu, ' '),
  ).normalize('NFC');
}
