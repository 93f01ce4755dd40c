import { createHash } from 'node:crypto';
import { type Queryable, type Statement, statement } from '../../database/database.ts';
import { type InvitationRow, invitationColumns } from '../invitation-row.ts';
import { filterCondition } from './conditions.ts';
import type { ListFilters } from './list-filters.ts';
import { parameters } from './parameters.ts';
import { momentOfRow, type Position } from './positions.ts';
import type { Source } from './sources.ts';

/** A row that a window showed: one that matches, or the window's last one. */
export interface SeenRow extends InvitationRow {
  readonly seen_id: number;
  readonly seen_moment: string | null;
  readonly place: number;
  readonly matches: boolean;
}

/**
 * Reads one window. Rows beyond `limit` are not even looked at.
 * @returns the rows that match, in the order of the source, and where the window is full its last row as well.
 */
export async function readWindow(
  database: Queryable,
  source: Source,
  filters: ListFilters,
  after: Position | undefined,
  limit: number,
): Promise<readonly SeenRow[]> {
  const asked = parameters();
  const window = source.window(asked, after);
  const condition = filterCondition(filters, asked);
  const text = `SELECT i.seen_id, ${momentOfRow(source.order)} AS seen_moment, i.place, (${condition}) IS TRUE AS matches, ${invitationColumns('i')}
     FROM (${window}) i WHERE i.place = ${source.windowRows} OR (${condition}) ORDER BY ${source.orderBy} LIMIT ${asked.add(limit, 'bigint')}`;
  return database.run(named<SeenRow>(`invitations_list_${source.name}`, text), asked.values);
}

export interface WindowCount {
  /** Rows that match. */
  readonly matching: number;
  /** Places of the window. */
  readonly seen: number;
}

/** Counts in the first window of a source. */
export async function countWindow(database: Queryable, source: Source, filters: ListFilters): Promise<WindowCount> {
  const asked = parameters();
  const window = source.window(asked, undefined);
  const text = `SELECT count(*) FILTER (WHERE ${filterCondition(filters, asked)}) AS matching, coalesce(max(i.place), 0) AS seen FROM (${window}) i`;
  const [row] = await database.run(named<WindowCount>(`invitations_count_${source.name}`, text), asked.values);
  return row ?? { matching: 0, seen: 0 };
}

/** Counts everything that matches, which takes as long as it takes. */
export async function countMatching(database: Queryable, filters: ListFilters): Promise<number> {
  const asked = parameters();
  const text = `SELECT count(*) AS matching FROM "Invitation" i WHERE ${filterCondition(filters, asked)}`;
  const [row] = await database.run(named<{ matching: number }>('invitations_count_all', text), asked.values);
  return row?.matching ?? 0;
}

const revokedCampaignsStatement = statement<{ name: string }>(
  'invitations_list_revoked_campaigns',
  'SELECT name FROM campaigns WHERE revoked_at IS NOT NULL LIMIT $1',
);

/** @returns the names of revoked campaigns, `limit` of them at most. */
export async function revokedCampaigns(database: Queryable, limit: number): Promise<readonly string[]> {
  return (await database.run(revokedCampaignsStatement, [limit])).map(({ name }) => name);
}

const statements = new Map<string, Statement<unknown>>();

/** One statement for each text: there are as many as there are ways to combine filters. */
function named<Row>(start: string, text: string): Statement<Row> {
  let known = statements.get(text) as Statement<Row> | undefined;
  if (!known) {
    known = statement<Row>(`${start}_${createHash('sha256').update(text).digest('hex').slice(0, 12)}`, text);
    statements.set(text, known);
  }
  return known;
}
