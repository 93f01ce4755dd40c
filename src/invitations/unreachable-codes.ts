import { type Database, statement, until } from '../database/database.ts';
import { startDeadline } from '../deadline.ts';
import { requestLimit } from '../time-limits.ts';
import { acceptCode } from './code.ts';
import { keyOfCode, plainSpelling } from './code-key.ts';
import { readTypedCode } from './typed-code.ts';

/** Only these can be other than what people type: a code of printable ASCII with single spaces is found by itself. */
const unusualStatement = statement<{ id: number; code: string }>(
  'invitations_unusual_codes',
  `SELECT id, code FROM "Invitation"
   WHERE id > $1 AND (code ~ '[^ -~]' OR code ~ '(^| ) |^$| $' OR length(code) > 256) ORDER BY id LIMIT 2000`,
);

/** Codes that are looked at: some seconds. */
const lookedAtMost = 200_000;

export interface UnreachableCodes {
  readonly count: number;
  /** The ids of the first five. */
  readonly ids: readonly number[];
  /** False: there are more codes beyond ASCII than were looked at. */
  readonly isComplete: boolean;
}

/** Finds stored codes, made by other programs, that no typing reaches: a person who types what is to be seen of them is told that there is no such code. */
export async function findUnreachableCodes(database: Database): Promise<UnreachableCodes> {
  const ids: number[] = [];
  let last = 0;
  for (let looked = 0; looked < lookedAtMost; ) {
    const rows = await until(startDeadline(requestLimit), database).run(unusualStatement, [last]);
    const end = rows.at(-1);
    if (!end) return shown(ids, true);
    ids.push(...rows.filter(({ code }) => !isReached(code)).map(({ id }) => id));
    looked += rows.length;
    last = end.id;
  }
  return shown(ids, false);
}

function shown(ids: readonly number[], isComplete: boolean): UnreachableCodes {
  return { count: ids.length, ids: ids.slice(0, 5), isComplete };
}

/** @returns whether what a reader sees of a stored code, typed, means that code. Codes that look alike are another matter. */
function isReached(code: string): boolean {
  const seen = plainSpelling(code)
    .replace(/\p{Cc}/gu, '')
    .replace(/ +/g, ' ')
    .trim();
  if (!acceptCode(seen).ok) return false;
  if (seen === code) return true;
  const key = keyOfCode(code);
  return key !== '' && keyOfCode(readTypedCode(seen).plain) === key;
}
