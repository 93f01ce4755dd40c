/**
 * Letters of Cyrillic and Greek that are drawn like a Latin one, in both cases; a part of Unicode's confusables (UTS 39). A capital and its small
 * letter may look like different Latin letters (Η and η), so the case is judged before it is folded.
 */
const latinLooks: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ['Аа', 'a'],
      ['ВвЬ', 'b'],
      ['Сс', 'c'],
      ['ԁ', 'd'],
      ['Ее', 'e'],
      ['Ԍ', 'g'],
      ['НнҺһ', 'h'],
      ['Ііӏ', 'i'],
      ['Јј', 'j'],
      ['Кк', 'k'],
      ['Мм', 'm'],
      ['Оо', 'o'],
      ['Рр', 'p'],
      ['Ԛԛ', 'q'],
      ['Ѕѕ', 's'],
      ['Тт', 't'],
      ['Ѵѵ', 'v'],
      ['Ԝԝ', 'w'],
      ['Хх', 'x'],
      ['УуҮү', 'y'],
      ['Αα', 'a'],
      ['Ββ', 'b'],
      ['Εε', 'e'],
      ['Η', 'h'],
      ['Ιι', 'i'],
      ['Κκ', 'k'],
      ['Μ', 'm'],
      ['Νη', 'n'],
      ['Οοσς', 'o'],
      ['Ρρ', 'p'],
      ['Ττ', 't'],
      ['υ', 'u'],
      ['ν', 'v'],
      ['ω', 'w'],
      ['Χχ', 'x'],
      ['Υγ', 'y'],
      ['Ζ', 'z'],
      ['ıɩ', 'i'],
      ['ɑ', 'a'],
      ['ɡ', 'g'],
      ['øØ', 'o'],
      ['łŁ', 'l'],
      ['đĐ', 'd'],
    ] as const
  ).flatMap(([looks, latin]) => Array.from(looks, (look) => [look, latin])),
);

/** What leaves no mark of its own: invisible characters, formatting, marks on another character, Braille without a dot. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}\u2800]/gu;

/**
 * A text as its reader takes it, for comparing only: compatibility forms (full width, superscript, mathematical) as their ordinary characters, without
 * invisible characters and accents, digits of every script as 0 to 9, lower case. Letters of other scripts stay what they are.
 */
export function plainText(text: string): string {
  // Which sigma a capital becomes depends on what stands behind it.
  return seen(text).toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** The same, with Cyrillic and Greek letters as the Latin ones that they look like. */
export function latinLook(text: string): string {
  return seen(text)
    .replace(/\P{ASCII}/gu, (character) => latinLooks[character] ?? latinLooks[character.toLowerCase()] ?? character)
    .toLowerCase()
    .normalize('NFC');
}

function seen(text: string): string {
  if (/^\p{ASCII}*$/u.test(text)) return text;
  return text
    .normalize('NFKD')
    .replace(unseen, '')
    .replace(/\p{Nd}/gu, asciiDigit);
}

const decimalDigit = /^\p{Nd}$/u;

/** Unicode encodes the decimal digits of a script as ten neighbours, from zero up; blocks that touch each other are ten each. */
function asciiDigit(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  let zero = point;
  while (decimalDigit.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((point - zero) % 10);
}
