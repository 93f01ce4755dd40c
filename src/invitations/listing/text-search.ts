import { type Queryable, statement } from '../../database/database.ts';
import { codeKey } from '../../database/folded-text.ts';
import { type Bind, refuseTooSlow } from '../../paging/keyset-page.ts';
import type { ListFilters, SearchText } from './list-filters.ts';

/** Up to so many matches are looked up in the indexes first; more are found soon by reading the newest rows. */
const indexedAtMost = 2_000;

/**
 * Looks a text up in the indexes, which no order by id can use.
 * @returns the filters with the ids of what matches; the same filters where there are many, or where there is no text.
 * @throws Problem `validation_failed` on the field `text`, where that takes too long.
 */
export async function searchText(database: Queryable, filters: ListFilters): Promise<ListFilters> {
  const { text } = filters;
  if (!text) return filters;
  const values: unknown[] = [];
  const matches = textMatches(text, (value, type) => `$${values.push(value)}::${type}`);
  const look = statement<{ id: number }>(text.phone === undefined ? 'invitations_search' : 'invitations_search_phone', matches);
  const ids = (await refuseTooSlow(['text'], () => database.run(look, values))).map(({ id }) => id);
  return ids.length > indexedAtMost ? filters : { ...filters, text: { ...text, ids } };
}

/** What is searched with, as SQL that is evaluated once a statement. */
function searched({ typed, phone }: SearchText, bind: Bind) {
  const text = bind(typed, 'text');
  // The last word as a prefix. The text form of a query of words has every word quoted already.
  const words = `(SELECT CASE WHEN numnode(plainto_tsquery('simple', ${text})) > 0
    THEN (plainto_tsquery('simple', ${text})::text || ':*')::tsquery END)`;
  return { key: `(SELECT ${codeKey(text)})`, words, phone: phone === undefined ? undefined : bind(phone, 'text') };
}

const noteWords = `to_tsvector('simple', i.note)`;

/**
 * @returns an SQL condition on the row `i`: its code begins with the text in any spelling, or it is bound to this phone number, or its note has all
 *   the words, the last one at least begun. No character of the text has a meaning of its own.
 */
export function textCondition(text: SearchText, bind: Bind): string {
  const { key, words, phone } = searched(text, bind);
  const code = `${key} <> '' AND starts_with(${codeKey('i.code')}, ${key})`;
  const piece = certainPiece(text.typed);
  // Taking a note apart costs some 4 µs; most notes do not even hold the letters.
  const letters = piece === undefined ? '' : `strpos(lower(i.note), (SELECT lower(${bind(piece, 'text')}))) > 0 AND `;
  const matches = [`(${code})`, `(i.note IS NOT NULL AND ${letters}${noteWords} @@ ${words})`];
  if (phone !== undefined) matches.push(`i.phone = ${phone}`);
  return `(${matches.join(' OR ')})`;
}

/**
 * @returns a SELECT that gives the ids of what `textCondition` holds for, each kind of match through its own index. The words' index knows no order
 *   and no end: its cost grows with the number of notes that match.
 */
function textMatches(text: SearchText, bind: Bind): string {
  const { key, words, phone } = searched(text, bind);
  const limit = `LIMIT ${indexedAtMost + 1}`;
  const code = codeKey('i.code');
  // U+10FFFF, the last code point, is no character: no code goes on with it.
  const branches = [
    `SELECT i.id FROM "Invitation" i WHERE ${key} <> '' AND ${code} ~>=~ ${key} AND ${code} ~<~ (${key} || chr(1114111)) ${limit}`,
    `SELECT i.id FROM "Invitation" i WHERE i.note IS NOT NULL AND ${noteWords} @@ ${words} ${limit}`,
  ];
  if (phone !== undefined) branches.push(`SELECT i.id FROM "Invitation" i WHERE i.phone = ${phone} ${limit}`);
  return branches.map((branch) => `(${branch})`).join(' UNION ');
}

/** @returns letters or digits that every note with these words holds next to each other, in whatever case; undefined: there are none for certain. */
function certainPiece(typed: string): string | undefined {
  // Of other texts the parser drops parts: tags, entities, the protocol of an address.
  if (!/^[\p{L}\p{M}\p{Nd} ,.-]+$/u.test(typed)) return undefined;
  const pieces = typed.match(/\p{L}+|\p{Nd}+/gu) ?? [];
  // How other letters change their case depends on the locale of the database, and differs there between the two functions.
  const certain = pieces.filter((piece) => /^[\x20-\x7e]+$/.test(piece) || piece.toLowerCase() === piece.toUpperCase());
  return certain.sort((left, right) => right.length - left.length)[0];
}
