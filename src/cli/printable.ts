/** Controls (a terminal obeys them), lone surrogates, line and paragraph separators, and what changes the direction of writing. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** The same, and every other character that is not seen as itself: formatting, private use, unassigned. */
const unseen = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

/** @returns text that came from elsewhere as one line that changes nothing on a terminal: each character that would is shown as U+FFFD. */
export function printable(text: string): string {
  return text.replace(unprintable, '\ufffd');
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.replace(/[^\r\n]+|\r(?!\n)/g, printable);
}

/** @param indent spaces; undefined: one line. @returns JSON of equal value that changes nothing on a terminal, without a line end. */
export function printableJson(value: unknown, indent?: number): string {
  return escapeUnseen(JSON.stringify(value, null, indent));
}

/** @param json JSON, or a piece of it that begins and ends between two characters. */
export function escapeUnseen(json: string): string {
  return json.replace(unseen, (character) =>
    // One escape for each UTF-16 unit (RFC 8259, 7).
    Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  );
}
