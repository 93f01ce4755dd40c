/** Controls (a terminal obeys them), lone surrogates, line and paragraph separators, and what changes the direction of writing. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** @returns text that came from elsewhere as one line that changes nothing on a terminal: each character that would is shown as U+FFFD. */
export function printable(text: string): string {
  return text.replace(unprintable, '\ufffd');
}
