/**
 * Stored text as people read it, in SQL: what `rules/typed-text.ts` and `invitations/code-key.ts` do to typed text, for rows that other programs wrote.
 * Indexes are made of these expressions, and the planner uses an index only for exactly its expression: after a change generate a migration. Characters
 * are listed, because the classes of Unicode grow with each version of Node and of PostgreSQL. The database must be in UTF8.
 */

/** Default_Ignorable_Code_Point, direction marks, Braille without dots; for a bracket expression. */
const invisible =
  '\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff';
/** White_Space, line ends and tabs among it. */
const space = ' \\u0009-\\u000d\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
/** Dash_Punctuation and the minus signs; the hyphen first, where a bracket expression takes it as itself. */
const dash =
  '-\\u02d7\\u058a\\u05be\\u1400\\u1806\\u2010-\\u2015\\u2043\\u2212\\u2e17\\u2e1a\\u2e3a\\u2e3b\\u2e40\\u2e5d\\u301c\\u3030\\u30a0\\ufe31\\ufe32\\ufe58\\ufe63\\U00010d6e\\U00010ead';

const ascii = Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at));
const fullWidth = ascii.map((sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)).join('');

/** A literal without a semicolon, which drizzle-kit cannot keep in the expression of an index. */
const literal = (text: string) => `'${text.replaceAll("'", "''").replaceAll(';', "' || chr(59) || '")}'`;

/** NFC, full width as ASCII, nothing invisible. @param expression SQL of type text. */
function seen(expression: string): string {
  const narrow = `translate(normalize(${expression}), ${literal(fullWidth)}, ${literal(ascii.join(''))})`;
  return `normalize(regexp_replace(${narrow}, '[${invisible}]', '', 'g'))`;
}

/**
 * What people cannot tell apart in a code has one key: upper case, no spaces, dashes and invisible signs, O as 0, I and L as 1.
 * CASE, because almost every code is ASCII: the whole folding takes 20 µs, this branch 1 µs.
 * @param expression SQL of type text.
 */
export function codeKey(expression: string): string {
  return `CASE WHEN ${expression} ~ '[^ -~]' THEN translate(upper(regexp_replace(${seen(expression)}, '[${dash}${space}]', '', 'g')), 'OIL', '011') ELSE translate(upper(${expression}), 'OIL- ', '011') END`;
}

/**
 * The same with the groups kept apart, by one hyphen each.
 * @param expression SQL of type text.
 */
export function codeGroups(expression: string): string {
  return `translate(upper(btrim(regexp_replace(${seen(expression)}, '[${dash}${space}]+', '-', 'g'), '-')), 'OIL', '011')`;
}

/**
 * A name as people look for it: NFC, lower case, no white space and nothing invisible.
 * @param expression SQL of type text.
 */
export function nameKey(expression: string): string {
  return `lower(regexp_replace(normalize(${expression}), '[${invisible}${space}]', '', 'g'))`;
}

/** NBSP, the narrow and the ideographic space, hyphens, the minus signs, what contacts put around a number: by their numbers, as a reader could not see them. */
const unseenSigns = [160, 8239, 12288, 8208, 8209, 8210, 8212, 8722, 65293, 8203, 8234, 8236, 8288, 65279].map((code) => `chr(${code})`);

/**
 * The digits of a phone number, in one pass over the signs that people and programs write between them.
 * @param expression SQL of type text.
 */
export function phoneDigits(expression: string): string {
  return `translate(${expression}, '０１２３４５６７８９+-–().,/ ' || ${unseenSigns.join(' || ')}, '0123456789')`;
}

/** Characters of a piece: shorter texts are not looked up in the index. */
export const pieceLengths = { name: 2, digits: 4 };

/** Every piece of a text, in `length` passes of one expression each: PostgreSQL has no function for it, and pg_trgm is not everywhere. */
const passes = (text: string, length: number, piece: string) =>
  Array.from({ length }, (_, start) => {
    const rest = start === 0 ? text : `substr(${text}, ${start + 1})`;
    return `regexp_replace(${rest}, '${piece}', '\\1 ', 'g')`;
  });

/**
 * Every two neighbouring characters of a name and every four neighbouring digits of a number, as text[] for a GIN index, with some shorter ends. It takes
 * 18 µs an account; with the index a new account costs PostgreSQL 0.3 ms more.
 * @param name SQL of type text.
 * @param phone SQL of type text.
 */
export function searchPieces(name: string, phone: string): string {
  const { name: two, digits: four } = pieceLengths;
  const all = [...passes(nameKey(name), two, `(.{${two}})`), ...passes(phoneDigits(phone), four, `(.{${four}})`)];
  return `string_to_array(${all.join(" || ' ' || ")}, ' ')`;
}

/**
 * The pieces that every text holds which this one is a part of.
 * @param text SQL: a `nameKey`, or digits.
 * @param length one of `pieceLengths`.
 */
export function piecesOf(text: string, length: number): string {
  const all = passes(text, length, `(.{${length}})|.{1,${length - 1}}$`);
  return `array_remove(string_to_array(${all.join(" || ' ' || ")}, ' '), '')`;
}
