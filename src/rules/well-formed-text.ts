/**
 * Which text is acceptable in any field. Each check is one character class, so each is linear in the length of the text.
 *
 * Unassigned code points are allowed: next year's emoji, typed on a new phone, is unassigned to today's runtime,
 * and replicas on different runtimes would disagree. So are private-use ones, which are used for old Hangul.
 */

/** Lone surrogates, controls including NUL, line and paragraph separators, and the 66 code points that never become characters. */
const unusable = /[\p{Cs}\p{Cc}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/u;

/** U+061C, U+200E, U+200F, U+202A-U+202E, U+2066-U+2069. */
const bidirectionalControl = /\p{Bidi_Control}/u;

/**
 * Anything but white space, invisible characters (such as the Hangul fillers and joiners), and marks that need a base.
 * U+2800 (Braille without a dot) and U+1D159 (a null note head) are blank although Unicode counts them as symbols.
 */
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{M}\p{Cc}\p{Cf}\p{Cs}\u2800\u{1D159}]/u;

/**
 * @returns whether the text contains something that cannot be stored or shown on one line: a lone surrogate (not valid in UTF-8), NUL
 *   (not valid in PostgreSQL's `text`), another control, U+2028, U+2029, or a noncharacter.
 */
export function hasUnusableCharacter(text: string): boolean {
  return unusable.test(text);
}

/**
 * @returns whether the text contains a direction control. The overrides and isolates can show a text in another order than
 *   it has (Unicode Technical Report 36), and the three marks are invisible on their own, so the whole property is meant; RFC 8264,
 *   section 9.13, excludes all of it as well.
 */
export function hasBidirectionalControl(text: string): boolean {
  return bidirectionalControl.test(text);
}

/** @returns whether a reader would see anything at all. */
export function hasVisibleCharacter(text: string): boolean {
  return visible.test(text);
}

/** @returns the length in code points, which is closer to what people count than UTF-16 units; a Hangul syllable in NFC is one. */
export function countCodePoints(text: string): number {
  return Array.from(text).length;
}

/**
 * UTF-16 units up to which a field is examined; longer input is refused unread, so that no check sees a long text.
 * NFC makes one code point of at most six units (measured over Unicode 17), so 100 accepted ones came from at most 600; the rest is for
 * surrounding white space.
 */
export const maximumUnitsRead = 2_000;
