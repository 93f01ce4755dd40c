import { z } from 'zod';
import { codeKey } from '../../database/folded-text.ts';
import { cursorId, decodeCursor, pagingRules } from '../../paging/cursor.ts';
import type { Bind, List, Order } from '../../paging/keyset-page.ts';
import { validationFailed } from '../../problems.ts';
import { campaignRevoked, heldSeats, usedSeats } from '../availability.ts';
import { meantInvitation } from '../code-look-up.ts';
import { type InvitationRow, invitationColumns } from '../invitation-row.ts';
import type { ListFilters, ListStatus } from './list-filters.ts';
import { textCondition } from './text-search.ts';

const untouched = 'NOT i.is_used AND i.revoked_at IS NULL';
const notExpired = '(i.expires_at <= now()) IS NOT TRUE';
/** A scalar subquery instead of NOT EXISTS, which the planner makes a join of, and then it sorts the table instead of stopping after one page. */
const notRevoked = '(SELECT named.revoked_at FROM campaigns named WHERE named.name = i.campaign) IS NULL';
/** CASE, because the planner may run a subquery for each row before it compares two columns: 0.7 s instead of 0.2 s behind 900,000 expired ones. */
const usableAnd = (further: string) =>
  `${untouched} AND CASE WHEN i.expires_at <= now() OR i.starts_at > now() THEN false ELSE ${notRevoked}${further} END`;

/** What `stateOf` says, written so that an index can answer the first part; a test compares the two. */
const statusConditions: Readonly<Record<ListStatus, string>> = {
  usable: usableAnd(''),
  free: usableAnd(` AND i.max_uses - (${usedSeats('i')}) - ${heldSeats('i')} > 0`),
  held: `i.id IN (SELECT live."invitationId" FROM "RegisterSession" live WHERE live.expires_at > now()) AND ${heldSeats('i')} > 0`,
  used: `i.is_used AND i.revoked_at IS NULL AND ${notRevoked}`,
  expired: `${untouched} AND i.expires_at <= now() AND ${notRevoked}`,
  revoked: `(i.revoked_at IS NOT NULL OR ${campaignRevoked('i')})`,
  not_started: `${untouched} AND i.starts_at > now() AND ${notExpired} AND ${notRevoked}`,
};

/** `moment`: what the list is ordered by, in microseconds since 1970; not there in the order of ids. */
type ListedRow = InvitationRow & { readonly moment?: string };

/** A range instead of `=`, which leaves the planner no reason for the index by label and id: it would walk the whole table by id for an old campaign. */
function isLabel(column: string, value: string): string {
  return `${column} BETWEEN ${value} AND ${value}`;
}

export const invitations: List<ListedRow, ListFilters> = {
  name: 'invitations',
  columns: invitationColumns('i'),
  from: '"Invitation" i',
  predicates: {
    status: (status) => statusConditions[status],
    campaign: (name, bind) => isLabel('i.campaign', bind(name, 'text')),
    batch: (batch, bind) => isLabel('i.batch', bind(batch, 'uuid')),
    text: (text, bind) => (text.ids ? `i.id = ANY (${bind(text.ids, 'integer[]')})` : textCondition(text, bind)),
    code: ({ typed, plain, grouped }, bind) =>
      `i.id = ${meantInvitation({ typed: bind(typed, 'text'), plain: bind(plain, 'text'), grouped: bind(grouped, 'text') })}`,
    code_like: (code, bind) => {
      const key = codeKey(bind(code, 'text'));
      return `(${codeKey('i.code')} = ${key} AND ${key} <> '')`;
    },
    created_from: (from, bind) => `i.created_at >= ${bind(from.toISOString(), 'timestamptz')}`,
    created_to: (to, bind) => `i.created_at < ${bind(to.toISOString(), 'timestamptz')}`,
  },
};

type Moment = 'expires_at' | 'starts_at' | 'created_at';
export type InvitationKey = readonly [order: 'id', id: number] | readonly [order: Moment, id: number, moment: string];

/**
 * A batch and a campaign are read by id; otherwise expired invitations by their end, those that did not start by their start, and those of a period
 * by when they were made.
 */
function orderedBy({ status, campaign, batch, created_from, created_to }: ListFilters): InvitationKey[0] {
  if (batch !== undefined || campaign !== undefined) return 'id';
  if (status === 'expired') return 'expires_at';
  if (status === 'not_started') return 'starts_at';
  return (created_from ?? created_to) ? 'created_at' : 'id';
}

export function orderOf(filters: ListFilters): Order<ListedRow, InvitationKey> {
  const by = orderedBy(filters);
  if (by !== 'id') {
    return {
      by: [`i.${by}`, 'i.id'],
      columns: `${microsecondsOf(`i.${by}`)} AS moment`,
      keyOf: ({ id, moment = '' }) => [by, id, moment],
      valuesOf: ([, id, microseconds], bind) => [momentOf(bind, microseconds), bind(id, 'bigint')],
    };
  }
  const { batch, campaign } = filters;
  const keyOf = ({ id }: ListedRow) => [by, id] as const;
  // The label is the same in every row; naming it makes the planner read the index by label and id.
  if (batch !== undefined) {
    return { by: ['i.batch', 'i.id'], keyOf, valuesOf: ([, id], bind) => [bind(batch, 'uuid'), bind(id, 'bigint')] };
  }
  if (campaign !== undefined) {
    return { by: ['i.campaign', 'i.id'], keyOf, valuesOf: ([, id], bind) => [bind(campaign, 'text'), bind(id, 'bigint')] };
  }
  return { by: ['i.id'], keyOf, valuesOf: ([, id], bind) => [bind(id, 'bigint')] };
}

/** As text: dates of JavaScript have no microseconds. The two infinities are the ends of `bigint`. */
function microsecondsOf(column: string): string {
  return `(CASE WHEN ${column} = 'infinity' THEN 9223372036854775807 WHEN ${column} = '-infinity' THEN -9223372036854775808
    ELSE (extract(epoch FROM ${column}) * 1000000)::bigint END)::text`;
}

function momentOf(bind: Bind, text: string | undefined): string {
  const microseconds = bind(text, 'bigint');
  return `(CASE ${microseconds} WHEN 9223372036854775807 THEN 'infinity' WHEN -9223372036854775808 THEN '-infinity'
    ELSE to_timestamp(${microseconds} / 1000000) + (${microseconds} % 1000000) * interval '1 microsecond' END)`;
}

/** The first moment that PostgreSQL has, in microseconds: 4714 B.C. */
const firstMoment = -210_866_803_200_000_000n;
const lastBigint = 2n ** 63n - 1n;

function isMoment(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const microseconds = BigInt(text);
  return microseconds === -lastBigint - 1n || (microseconds >= firstMoment && microseconds <= lastBigint);
}

const cursorShape = z.union([
  z.tuple([z.literal('id'), cursorId]),
  z.tuple([z.enum(['expires_at', 'starts_at', 'created_at']), cursorId, z.string().refine(isMoment)]),
]);

/** @throws Problem `validation_failed` on the field `cursor`, also for the cursor of a list in another order. */
export function keyIn(cursor: string | undefined, filters: ListFilters): InvitationKey | undefined {
  const key = decodeCursor<z.infer<typeof cursorShape>>(cursor, cursorShape);
  if (key && key[0] !== orderedBy(filters)) throw validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }]);
  return key;
}
