/**
 * What people type or paste, folded to what they meant: the steps that every kind of value shares. `docs/reference/folding.md` lists them. Each is
 * linear in the length of the text; check the length first (`maximumUnitsRead`).
 */

/** Without a mark of their own: zero-width signs, direction marks, fillers, variation selectors, the soft hyphen, Braille without dots. */
const invisible = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800]/gu;
/** Spaces of every kind and width, tabs and line ends. */
const whiteSpace = /\p{White_Space}+/gu;
/** Every dash, the minus sign, and what keyboards of East Asia give for one: a vowel, a sound mark, a line. */
const dash = /[\p{Pd}\u2212\u02d7\u2043\u2500\u3161\u30fc\uff70\u1173]/gu;

/** NFC, and full-width ASCII (U+FF01 to U+FF5E) as ASCII. NFKC would do too much: it decomposes Hangul's ㅋ. */
export function foldWidth(text: string): string {
  return text.normalize('NFC').replace(/[\uff01-\uff5e]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0));
}

/** Removes characters that nobody sees. */
export function withoutInvisible(text: string): string {
  return text.replace(invisible, '');
}

/** Every run of white space as one space, none around. */
function withPlainSpaces(text: string): string {
  return text.replace(whiteSpace, ' ').trim();
}

/** Every dash as a hyphen, also where a keyboard gives a letter that looks like one. For texts without words. */
function withPlainDashes(text: string): string {
  return text.replace(dash, '-');
}

/** For values of digits and signs, such as phone numbers and dates: invisible signs away, ASCII for full width, plain spaces, dashes and quotation marks. */
export function foldTypedNumber(text: string): string {
  const plain = withPlainSpaces(withPlainDashes(withoutInvisible(foldWidth(text))));
  return plain.replace(/^["'“”‘’「」<*`]+|["'“”‘’「」>*`,;]+$/gu, '').trim();
}

/** Joiners and variation selectors, which some scripts and emoji need. */
const shaping = /\u200c|\u200d|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;
/** What they change: letters of these scripts, marks, ideographs, emoji. */
const shaped =
  /(?:[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}\p{Script=Han}\p{M}]|\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u200d)$/u;

/** Names: NFC, no invisible signs but those that shape the character before them, single spaces, none around. */
export function foldTypedName(text: string): string {
  const composed = text.normalize('NFC');
  const seen = composed.replace(invisible, (sign, at: number) => {
    if (!sign.match(shaping) || at === 0) return '';
    return shaped.test(composed.slice(Math.max(0, at - 2), at)) && at + sign.length < composed.length + (sign > '\ufdff' ? 1 : 0)
      ? sign
      : '';
  });
  return withPlainSpaces(seen).normalize('NFC');
}
