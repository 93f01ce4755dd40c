import type { ListFilters } from './list-filters.ts';
import type { Parameters } from './parameters.ts';
import { latestId, type Order, type Position } from './positions.ts';

/**
 * Where a page can come from. Each source reads the invitations that may match in the order of one index, a window of them at a time, so that a
 * page costs the same however many rows there are and however they are distributed.
 */
export interface Source {
  /** Of the statement. */
  readonly name: string;
  /** What its positions are made of. */
  readonly order: Order;
  /** Its ORDER BY over the alias `i`. */
  readonly orderBy: string;
  /** The last place of a window that is full: there may be more behind it. */
  readonly windowRows: number;
  /**
   * @param after where the window begins; undefined: at the newest.
   * @returns a SELECT of `seen_id`, `place` (counted from 1) and every column of "Invitation".
   */
  window(parameters: Parameters, after: Position | undefined): string;
}

const newestFirst = 'i.id DESC';

type Where = (parameters: Parameters, after: Position | undefined) => string;

/** A source, once it is told how many rows a window has. */
export type SourceOf = (windowRows: number) => Source;

function indexed(name: string, order: Order, orderBy: string, where: Where): SourceOf {
  return (windowRows) => ({
    name: `${name}_${windowRows}`,
    order,
    orderBy,
    windowRows,
    window: (parameters, after) =>
      `SELECT i.id AS seen_id, row_number() OVER (ORDER BY ${orderBy}) AS place, i.*
       FROM (SELECT i.* FROM "Invitation" i WHERE ${where(parameters, after)} ORDER BY ${orderBy} LIMIT ${windowRows}) i`,
  });
}

const idBelow: Where = (parameters, after) => `i.id < ${parameters.hidden(after?.id ?? latestId, 'bigint')}`;
const byId = (name: string, condition: string) =>
  indexed(name, 'id', newestFirst, (parameters, after) => `${condition} AND ${idBelow(parameters, after)}`);

export const allSource = byId('all', 'true');
export const usedSource = byId('used', 'i.is_used');
export const openSource = byId('open', 'NOT i.is_used AND i.revoked_at IS NULL');

/** The invitations that share a label. Ordered by the label too, or the planner might walk through all ids instead of this index. */
function labelled(name: string, column: 'campaign' | 'batch', type: string, value: string): SourceOf {
  return indexed(name, 'id', `i.${column} DESC, i.id DESC`, (parameters, after) => {
    const label = () => parameters.hidden(value, type);
    return `(i.${column}, i.id) < (${label()}, ${parameters.hidden(after?.id ?? latestId, 'bigint')}) AND i.${column} >= ${label()}`;
  });
}
export const campaignSource = (campaign: string) => labelled('campaign', 'campaign', 'text', campaign);
export const batchSource = (batch: string) => labelled('batch', 'batch', 'uuid', batch);

/** In the order of a moment, the latest first. @param bound SQL for another bound. @param first where the newest begin. */
function byMoment(
  order: Exclude<Order, 'id'>,
  bound: (parameters: Parameters) => string,
  first: (parameters: Parameters) => string,
): SourceOf {
  const column = `i.${order}`;
  return indexed(order, order, `${column} DESC, i.id DESC`, (parameters, after) => {
    const start = after ? `(${momentOf(parameters, after)}, ${parameters.hidden(after.id, 'bigint')})` : first(parameters);
    return `(${column}, i.id) < ${start}${bound(parameters)}`;
  });
}
const momentOf = (parameters: Parameters, { moment }: Position) => {
  const microseconds = parameters.add(moment, 'bigint');
  return `(SELECT CASE ${microseconds} WHEN 9223372036854775807 THEN 'infinity' WHEN -9223372036854775808 THEN '-infinity'
    ELSE to_timestamp(${microseconds} / 1000000) + (${microseconds} % 1000000) * interval '1 microsecond' END)`;
};
const forEver = `((SELECT 'infinity'::timestamptz), ${latestId})`;

export const expiredSource = byMoment(
  'expires_at',
  // Says nothing new, but that it is not NULL: the index has no others.
  () => ' AND i.expires_at <= (SELECT now())',
  () => `((SELECT now()), ${latestId})`,
);
export const notStartedSource = byMoment(
  'starts_at',
  () => ' AND i.starts_at > (SELECT now())',
  () => forEver,
);

export function createdSource({ createdFrom, createdTo }: ListFilters): SourceOf {
  const bound = (parameters: Parameters, moment: Date) => parameters.hidden(moment.toISOString(), 'timestamptz');
  return byMoment(
    'created_at',
    (parameters) => (createdFrom ? ` AND i.created_at >= ${bound(parameters, createdFrom)}` : ''),
    (parameters) => (createdTo ? `(${bound(parameters, createdTo)}, 0)` : forEver),
  );
}
