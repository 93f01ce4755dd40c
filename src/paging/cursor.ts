import { z } from 'zod';
import { fieldRules, validationFailed } from '../problems.ts';

/** Cursors: each page begins behind the last row of the page before, so rows that are added meanwhile shift nothing. */

export const pagingRules = fieldRules({
  cursor_invalid: {
    ko: '목록에서 받은 next 값이 아닙니다. 받은 그대로 보내거나, 이 항목을 빼고 처음부터 조회하세요.',
    en: 'This is no `next` of a list. Send it exactly as it was given, or leave it out to begin anew.',
  },
  filter_too_slow: {
    ko: '이 조건으로는 찾는 데 시간이 너무 오래 걸립니다. 캠페인이나 기간처럼 범위를 좁히는 조건을 더하세요.',
    en: 'Searching by this took too long. Add a filter that narrows the list, such as a campaign or a period.',
  },
});

/** Rows of a page. */
export const pageLimit = z.coerce.number().int().min(1).max(500).default(50);

/** The part of a query string that asks for a page. */
export const pageQuery = {
  limit: pageLimit.meta({ description: 'How many items at most.', examples: [50] }),
  cursor: z
    .string()
    .optional()
    .meta({ description: 'The `next` of the page before; absent: the first page.', pattern: '^[A-Za-z0-9_-]{1,4096}$' }),
};

/** The member of a list's answer that asks for the page after it. */
export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'What to send as `cursor` for the page after this one; null: there is none.', examples: ['WzQyXQ'] });

/** For the shapes of cursors: what a column `integer` or `bigint` takes. */
export const cursorId = z.int().min(1).max(2_147_483_647);
export const cursorBigId = z.int().min(1);

export type KeyPart = string | number | boolean | null;

/** @param values what the list is ordered by, of the last row of a page. @returns text for addresses: base64url of JSON. */
export function encodeCursor(values: readonly KeyPart[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/** Bytes of base64url; the longest text that a list is ordered by is a campaign's name. */
const longestCursor = 4_096;

/** NUL and lone surrogates, which PostgreSQL's `text` cannot hold. */
const unstorable = /[\0\p{Cs}]/u;

/**
 * A client can write any cursor, so it is trusted no more than any other value: it only ever becomes a parameter of a statement.
 * @param shape what the values must be; say how large numbers may be.
 * @returns the values that `encodeCursor` was given; undefined where there is no cursor.
 * @throws Problem `validation_failed` on the field `cursor`.
 */
export function decodeCursor<Values extends readonly KeyPart[]>(text: string | undefined, shape: z.ZodType<Values>): Values | undefined {
  if (text === undefined) return undefined;
  const read = shape.safeParse(readCursor(text));
  if (!read.success || read.data.some((part) => typeof part === 'string' && unstorable.test(part))) {
    throw validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }]);
  }
  return read.data;
}

function readCursor(text: string): unknown {
  if (text.length > longestCursor || !/^[\w-]+$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

/**
 * @param found one row more than the limit where there are so many: that one only tells that there is another page.
 * @param keyOf what the list is ordered by, for `encodeCursor`.
 */
export function pageOf<Row>(found: readonly Row[], limit: number, keyOf: (row: Row) => readonly KeyPart[]): Page<Row> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

/** @returns the key in the cursor of a list that is ordered by ids alone. @throws Problem `validation_failed` on the field `cursor`. */
export function decodeIdCursor(text: string | undefined): readonly [id: number] | undefined {
  return decodeCursor<readonly [id: number]>(text, z.tuple([cursorBigId]));
}
