import { type Queryable, statement } from '../database/database.ts';
import { nameKey, phoneDigits, pieceLengths, piecesOf, searchPieces } from '../database/folded-text.ts';
import { type Bind, refuseTooSlow } from '../paging/keyset-page.ts';

/** A part of a name, in any case, with or without spaces; or a part of a phone number. */
export interface UserSearch {
  readonly name: string;
  /** Digits that are next to each other in the number; undefined: it is not searched for. */
  readonly digits: string | undefined;
  /** What matches, where it has been looked up and is little. */
  readonly ids?: readonly number[];
}

/** Up to so many matches are looked up in the index first; more are found soon by reading the newest rows. */
const indexedAtMost = 2_000;

/**
 * Looks a text up in the index, which no order by id can use: 4 to 120 ms a request among a million accounts. A single character of a name is not in it: the list
 * then reads from the newest account until the page is full, 17 ms for 김 and 1.8 s for one that no name holds.
 * @returns the search with the ids of what matches; the same search where there are many.
 * @throws Problem `validation_failed` on the field `text`, where that takes too long.
 */
export async function searchUsers(database: Queryable, text: UserSearch): Promise<UserSearch> {
  if (Array.from(text.name.replace(/\s/g, '')).length < pieceLengths.name) return text;
  const values: unknown[] = [];
  const bind: Bind = (value, type) => `$${values.push(value)}::${type}`;
  const matches = searched(text, bind).map(({ pieces, condition }) => {
    const held = `${searchPieces('u.name', 'u.phone')} @> (SELECT ${pieces})`;
    return `(SELECT u.id FROM "User" u WHERE ${held} AND ${condition} LIMIT ${indexedAtMost + 1})`;
  });
  const look = statement<{ id: number }>(text.digits === undefined ? 'users_search' : 'users_search_digits', matches.join(' UNION '));
  const ids = (await refuseTooSlow(['text'], () => database.run(look, values))).map(({ id }) => id);
  return ids.length > indexedAtMost ? text : { ...text, ids };
}

/** @returns an SQL condition on the row `u`. No character of the text has a meaning of its own. */
export function textCondition(text: UserSearch, bind: Bind): string {
  return `(${searched(text, bind)
    .map(({ condition }) => `(${condition})`)
    .join(' OR ')})`;
}

/** @returns for each way to match, what the index must hold, and what decides. */
function searched({ name, digits }: UserSearch, bind: Bind): { pieces: string; condition: string }[] {
  const key = nameKey(bind(name, 'text'));
  const byName = {
    pieces: piecesOf(key, pieceLengths.name),
    condition: `(SELECT ${key}) <> '' AND strpos(${nameKey('u.name')}, (SELECT ${key})) > 0`,
  };
  if (digits === undefined) return [byName];
  const sought = bind(digits, 'text');
  return [byName, { pieces: piecesOf(sought, pieceLengths.digits), condition: `strpos(${phoneDigits('u.phone')}, ${sought}) > 0` }];
}
