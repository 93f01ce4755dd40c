import { z } from 'zod';
import { cursorId, decodeCursor, encodeCursor } from '../../paging.ts';

/** What a list is ordered by, the highest first; a moment is followed by the id. */
export type Order = 'id' | 'expires_at' | 'starts_at' | 'created_at';

/** The place of one row in an order: the next page begins behind it. */
export interface Position {
  readonly order: Order;
  readonly id: number;
  /** Microseconds since 1970, which JavaScript's dates do not have; undefined in the order of ids. */
  readonly moment: string | undefined;
}

/** Above every id of the column. */
export const latestId = 2_147_483_648;

/** @returns SQL for the `moment` of a position over the alias `i`, as text; the two infinities are the ends of `bigint`. */
export function momentOfRow(order: Order): string {
  if (order === 'id') return 'NULL::text';
  const column = `i.${order}`;
  return `(CASE WHEN ${column} = 'infinity' THEN 9223372036854775807 WHEN ${column} = '-infinity' THEN -9223372036854775808
    ELSE (extract(epoch FROM ${column}) * 1000000)::bigint END)::text`;
}

/** The first moment that PostgreSQL has, in microseconds: 4714 B.C. */
const firstMoment = -210_866_803_200_000_000n;
const lastBigint = 2n ** 63n - 1n;
const moment = z.string().refine(isMoment);

function isMoment(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const microseconds = BigInt(text);
  return microseconds === -lastBigint - 1n || (microseconds >= firstMoment && microseconds <= lastBigint);
}

const cursorShape = z.union([
  z.tuple([z.literal('id'), cursorId]),
  z.tuple([z.enum(['expires_at', 'starts_at', 'created_at']), cursorId, moment]),
]);

export function cursorOf({ order, id, moment }: Position): string {
  return encodeCursor(moment === undefined ? [order, id] : [order, id, moment]);
}

/** @throws Problem `validation_failed` on the field `cursor`. */
export function positionOf(cursor: string | undefined): Position | undefined {
  const read = decodeCursor<z.infer<typeof cursorShape>>(cursor, cursorShape);
  return read && { order: read[0], id: read[1], moment: read[2] };
}
