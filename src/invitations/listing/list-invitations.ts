import type { Queryable } from '../../database/database.ts';
import { validationFailed } from '../../errors.ts';
import { pagingRules } from '../../paging.ts';
import type { InvitationRow } from '../invitation-row.ts';
import { campaignsAtMost, codeSource, heldSource, revokedSource, textSource } from './id-sources.ts';
import type { ListFilters } from './list-filters.ts';
import { readWindow, revokedCampaigns, type SeenRow } from './list-store.ts';
import { cursorOf, type Order, type Position, positionOf } from './positions.ts';
import {
  allSource,
  batchSource,
  campaignSource,
  createdSource,
  expiredSource,
  notStartedSource,
  openSource,
  type Source,
  usedSource,
} from './sources.ts';

export interface InvitationPage {
  readonly rows: readonly InvitationRow[];
  /** The cursor of the page after this one; null: there is none. */
  readonly next: string | null;
}

/** Sources that are tried for one page. */
const sourcesAtMost = 2;
/** One window of a source for each of so many rows that were asked for. */
const rowsPerWindow = 50;

/**
 * Reads one page, the newest invitations first; expired ones by their end and those that did not start by their start, the latest first, where that
 * is quicker. A page looks at some 20 rows for each one that was asked for, of each of two sources: it may hold fewer rows than the limit, or none,
 * although there is another page.
 * @throws Problem `validation_failed` on the field `cursor`.
 */
export async function listInvitations(
  database: Queryable,
  filters: ListFilters,
  limit: number,
  cursor: string | undefined,
): Promise<InvitationPage> {
  const after = positionOf(cursor);
  const sources = await sourcesOf(database, filters, { order: after?.order, rows: limit > 50 ? 512 : 64 });
  // A cursor of a list with other filters.
  if (sources.length === 0) throw validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }]);
  let best: InvitationPage | undefined;
  for (const source of sources) {
    const page = await readFrom(database, source, filters, limit, after);
    if (page.next === null || page.rows.length === limit) return page;
    // In the same order, more rows also mean that it got further.
    if (!best || page.rows.length > best.rows.length) best = page;
  }
  return best ?? { rows: [], next: null };
}

async function readFrom(
  database: Queryable,
  source: Source,
  filters: ListFilters,
  limit: number,
  start: Position | undefined,
): Promise<InvitationPage> {
  const rows: SeenRow[] = [];
  let after = start;
  for (let windows = Math.ceil(limit / rowsPerWindow); windows > 0 && rows.length < limit; windows -= 1) {
    const seen = await readWindow(database, source, filters, after, limit + 1 - rows.length);
    rows.push(...seen.filter((row) => row.matches));
    const last = seen.at(-1);
    if (rows.length > limit) return { rows: rows.slice(0, limit), next: nextOf(source, rows[limit - 1]) };
    if (last?.place !== source.windowRows) return { rows, next: null };
    after = placeOf(source, last);
  }
  return { rows, next: after ? cursorOf(after) : null };
}

function placeOf({ order }: Source, { seen_id, seen_moment }: SeenRow): Position {
  return { order, id: seen_id, moment: seen_moment ?? undefined };
}

function nextOf(source: Source, row: SeenRow | undefined): string | null {
  return row ? cursorOf(placeOf(source, row)) : null;
}

/**
 * The sources that have everything that matches, those that look narrowest first. Later pages keep to the order of the first one.
 * @param rows of a window, where the source has to be told.
 */
export async function sourcesOf(
  database: Queryable,
  filters: ListFilters,
  { order, rows }: { readonly order: Order | undefined; readonly rows: number },
): Promise<readonly Source[]> {
  const { status, campaign, batch, text, code, createdFrom, createdTo } = filters;
  if (code) return [codeSource(code)].filter((source) => order === undefined || source.order === order);
  if (text) return [allSource, textSource(text)].filter((source) => order === undefined || source.order === order);
  const sources: Source[] = [];
  if (batch !== undefined) sources.push(batchSource(batch));
  if (campaign !== undefined) sources.push(campaignSource(campaign));
  if (status === 'held') sources.push(heldSource);
  if (status === 'used') sources.push(usedSource);
  if (status === 'usable' || status === 'free') sources.push(openSource);
  if (status === 'expired') sources.push(expiredSource, openSource);
  if (status === 'not_started') sources.push(notStartedSource, openSource);
  if (createdFrom ?? createdTo) sources.push(createdSource(filters));
  if (sources.length === 0 && status === 'revoked') {
    const campaigns = await revokedCampaigns(database, campaignsAtMost + 1);
    if (campaigns.length <= campaignsAtMost) sources.push(revokedSource(campaigns, campaigns.length > 1 ? Math.min(rows, 512) : rows));
  }
  if (sources.length === 0) sources.push(allSource);
  return sources.filter((source) => order === undefined || source.order === order).slice(0, sourcesAtMost);
}
