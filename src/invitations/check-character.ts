/** Crockford's 32 characters: no I, L and O, which look like 1 and 0, and no U. A character's value is its index. */
export const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Characters outside the alphabet occur only in prefixes and count as their code point mod 32. */
function placeOf(character: string): number {
  const place = codeAlphabet.indexOf(character);
  return place >= 0 ? place : (character.codePointAt(0) ?? 0) % 32;
}

/** Doubles a value and adds its two base-32 digits; a bijection. */
export const doubledValue = (value: number): number => (value < 16 ? 2 * value : 2 * value - 31);

/**
 * The sum of Luhn's algorithm mod 32: every other character is doubled, starting left of the check character.
 * @param charactersAfter how many characters of the key come between this part and the check character.
 */
export function checkSum(partOfKey: string, charactersAfter = 0): number {
  let place = charactersAfter;
  let sum = 0;
  for (const character of Array.from(partOfKey).reverse()) {
    const value = placeOf(character);
    sum += place % 2 === 0 ? doubledValue(value) : value;
    place += 1;
  }
  return sum;
}

/** @returns the character that makes the sum a multiple of 32. */
export function checkCharacterFor(sum: number): string {
  return codeAlphabet.charAt((32 - (sum % 32)) % 32);
}

/**
 * @param key of a whole code (`keyOfCode`), prefix included.
 * @returns whether its last character is the right check character.
 */
export function hasRightCheckCharacter(key: string): boolean {
  return key.slice(-1) === checkCharacterFor(checkSum(key.slice(0, -1)));
}
