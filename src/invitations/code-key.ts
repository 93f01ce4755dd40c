import { foldWidth, withoutInvisible } from '../rules/typed-text.ts';

/**
 * People take two codes for the same if they differ only in case, spaces, hyphens, and look-alike characters: O and 0; I, L and 1.
 * A code without these differences is its key.
 */

const lookAlikes: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/**
 * The expression of the index `Invitation_tolerant_code_idx`; the planner uses the index for exactly this text.
 * @param expression SQL of type text.
 */
export function codeKey(expression: string): string {
  return `translate(upper(${expression}), 'OIL- ', '011')`;
}

/**
 * The same in this process, for the check character. Lookups use only the SQL expression: upper-casing letters beyond ASCII depends on the
 * database's locale there (under C, é stays é) and not here. For ASCII and Hangul both agree.
 */
export function keyOfCode(text: string): string {
  return text.toUpperCase().replace(/[OIL\- ]/g, (character) => lookAlikes[character] ?? '');
}

/**
 * Folds a typed code to the characters of codes: NFC; full-width letters, digits and signs of East Asian keyboards to ASCII;
 * every dash to a hyphen and white space of every kind to a space; removes invisible characters, which come along when a code is copied from a page.
 */
export function plainSpelling(text: string): string {
  return withoutInvisible(
    foldWidth(text)
      .replace(/[\p{Pd}\u2212\u2043\u02d7]/gu, '-')
      .replace(/\p{White_Space}/gu, ' '),
  ).normalize('NFC');
}
