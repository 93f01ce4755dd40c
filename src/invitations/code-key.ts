/**
 * Two codes are the same to people where they differ only in case, spaces, hyphens, and characters that look alike: O and 0; I, L and 1.
 * What is left then is the key of a code.
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
 * The same in this process, for the check character, which no index knows. Look-ups go by the SQL alone: what is the upper case of a letter
 * beyond ASCII depends on the locale of the database there (under C, é stays é) and on nothing here. Over ASCII and Hangul both agree.
 */
export function keyOfCode(text: string): string {
  return text.toUpperCase().replace(/[OIL\- ]/g, (character) => lookAlikes[character] ?? '');
}

/**
 * What a typed code says in the characters that codes are written in: NFC; full-width letters, digits and signs of East Asian keyboards as ASCII;
 * every kind of dash as a hyphen and of space as a space; without invisible characters, which come along when a code is copied from a page.
 */
export function plainSpelling(text: string): string {
  return foldWidth(text)
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .replace(/\p{Zs}/gu, ' ')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .normalize('NFC');
}

/** NFC, and full-width ASCII (U+FF01 to U+FF5E) as ASCII. NFKC would do more than is wanted: it takes Hangul's ㅋ apart from itself. */
export function foldWidth(text: string): string {
  return text.normalize('NFC').replace(/[\uff01-\uff5e]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0));
}
