import { hasRightCheckCharacter } from './check-character.ts';
import { keyOfPlain, plainSpelling } from './code-key.ts';
import { isGeneratedShape } from './code-shape.ts';

/** What a person typed or pasted as an invitation code, read. */
export interface TypedCode {
  /** In the characters that codes are written in; empty: nothing visible, or an address without a code. */
  readonly plain: string;
  /** An address that holds no code: telling so is no guess, so it must match none. */
  readonly isAddress: boolean;
}

/** Quotation marks, brackets and sentence signs of any script around a code. `._~-` belong to codes, so they go at the end of a sentence alone. */
const before = /^[\s"'`´“”„‟‘’‚‛«»‹›「」『』【】〈〉《》〔〕()[\]{}<>*|,;:!?…。、،؛·•➡→👉]+/u;
const after = /[\s"'`´“”„‟‘’‚‛«»‹›「」『』【】〈〉《》〔〕()[\]{}<>*|,;:!?….。、،؛·•⬅←👈]+$/u;
/** What messages write before a code. */
const label =
  /^(?:(?:your|my|the)\s+)?(?:(?:invit(?:e|ation)|sign[- ]?up|access|promo)\s+)?(?:code|invitation|invite|초대\s?(?:코드|장|번호)|가입\s?코드|코드)(?:\s+is)?\s*(?:[:=]|는|은|\s-\s|-(?=>)>?|→)\s*/iu;
const address = /(?:\b[a-z][a-z0-9+.-]{1,15}:\s?\/\s?\/|\bwww\.|^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?::\d+)?[/#?])/iu;

/**
 * Reads what is in people's hands: an address gives what follows its last `#` or `code=`, quotation marks, brackets and sentence signs around a code go,
 * and a generated code is found inside a short text. Pure; `docs/reference/folding.md` describes it.
 * @param text at most `maximumUnitsRead` UTF-16 units.
 */
export function readTypedCode(text: string): TypedCode {
  const typed = plainSpelling(text).trim();
  if (isGenerated(typed)) return { plain: typed, isAddress: false };
  if (address.test(typed)) return readAddress(typed);
  const bare = withoutSigns(withoutSigns(typed).replace(label, ''));
  if (isGenerated(bare)) return { plain: bare, isAddress: false };
  return { plain: generatedInside(typed) ?? bare, isAddress: false };
}

/** Addresses are wrapped in others by messengers, with the one inside percent-encoded, up to three times. */
function readAddress(typed: string): TypedCode {
  let text = typed;
  for (let round = 0; round < 4; round += 1) {
    const found = codeInAddress(text);
    if (found !== undefined) return { plain: found, isAddress: false };
    const decoded = decode(text);
    if (decoded === text) break;
    text = decoded;
  }
  const inside = generatedInside(withoutAddressSigns(text));
  return { plain: inside ?? '', isAddress: inside === undefined };
}

function codeInAddress(text: string): string | undefined {
  const parameter = /[?&#](?:invitation_)?(?:code|invite)=([^&#]+)/i.exec(text)?.[1];
  const fragments = text.split('#').slice(1).reverse();
  for (const candidate of [...fragments, parameter ?? '']) {
    // Mail programs break a code in two; what follows a code in a sentence begins with a space as well.
    const whole = plainSpelling(decode(candidate.replace(/[?&].*$/s, '')));
    const broken = generatedInside(whole);
    if (broken !== undefined) return broken;
    const first = plainSpelling(decode((candidate.split(/[\s?&|<>"]/u)[0] ?? '').trim()));
    const bare = withoutSigns(first);
    if (bare !== '' && !/[/:=]/.test(bare)) return bare;
  }
  return undefined;
}

function withoutAddressSigns(text: string): string {
  return text.replace(/[/?&=#%:]+/g, ' / ');
}

function withoutSigns(text: string): string {
  return text.replace(before, '').replace(after, '');
}

function decode(text: string): string {
  try {
    return plainSpelling(decodeURIComponent(text));
  } catch {
    return text.replace(/%([0-7][0-9a-f])/gi, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

function isGenerated(plain: string): boolean {
  return isGeneratedShape(plain) && hasRightCheckCharacter(keyOfPlain(plain));
}

/** Words of a text that are looked through; a longer one is no message with a code in it. */
const maximumWords = 60;
/** Words that one code may have been broken into: a prefix and eight groups. */
const wordsOfCode = 9;

/**
 * @returns the only generated code in a text, by its check character: a single word first, then words in a row. Of every 32 wrong ones one has the right
 *   check character by chance, so a text in which several different ones would fit has none.
 */
function generatedInside(text: string): string | undefined {
  const parts = text.split(/[^\p{L}\p{N}._~ -]+/u).map((part) => part.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)));
  if (parts.flat().length > maximumWords) return undefined;
  const only = (candidates: readonly (readonly string[])[]) => {
    // Joined without a space where a line broke in the middle of a group.
    const spellings = candidates.flatMap((words) => [words.join(' '), words.join('')]).map((one) => one.replace(/^[._~-]+|[._~-]+$/g, ''));
    return spellings.filter((one) => one !== '' && isGenerated(one));
  };
  const wholes = only(parts);
  if (new Set(wholes.map(keyOfPlain)).size === 1) return wholes[0];
  for (let length = 1; length <= wordsOfCode; length += 1) {
    const runs = parts.flatMap((words) =>
      words.slice(0, Math.max(0, words.length - length + 1)).map((_, start) => words.slice(start, start + length)),
    );
    const right = only(runs);
    if (new Set(right.map(keyOfPlain)).size === 1) return right[0];
    if (right.length > 0) return undefined;
  }
  return undefined;
}
