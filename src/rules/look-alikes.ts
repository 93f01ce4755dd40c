/**
 * Letters of Cyrillic and Greek that look like a Latin one, in both cases; a subset of Unicode's confusables (UTS 39). A capital and its small
 * letter may resemble different Latin letters (Η and η), so case is considered before it is folded.
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

/** Characters without a visible mark of their own: invisible ones, formatting, combining marks, Braille without a dot. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{M}\u2800]/gu;

/**
 * Folds a text as a reader sees it, for comparison only: compatibility forms (full width, superscript, mathematical) to ordinary characters,
 * no invisible characters and accents, digits of every script as 0 to 9, lower case. Letters of other scripts stay as they are.
 */
export function plainText(text: string): string {
  // Which sigma a capital becomes depends on what follows it.
  return seen(text).toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** The same, with Cyrillic and Greek letters as the Latin ones that they resemble. */
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

/** Unicode encodes the decimal digits of a script as ten consecutive code points, from zero up; adjacent blocks have ten each. */
function asciiDigit(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  let zero = point;
  while (decimalDigit.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((point - zero) % 10);
}
