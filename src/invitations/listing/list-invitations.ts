import type { Queryable } from '../../database/database.ts';
import { validationFailed } from '../../errors.ts';
import { pagingRules } from '../../paging.ts';
import type { InvitationRow } from '../invitation-row.ts';
import { campaignsAtMost, codeLikeSource, codeSource, heldSource, revokedSource, textSource } from './id-sources.ts';
import type { ListFilters } from './list-filters.ts';
import { readWindow, revokedCampaigns, type SeenRow } from './list-store.ts';
import { cursorOf, type Position, positionOf } from './positions.ts';
import {
  allSource,
  batchSource,
  campaignSource,
  createdSource,
  expiredSource,
  notStartedSource,
  openSource,
  type Source,
  type SourceOf,
  usedSource,
} from './sources.ts';

export interface InvitationPage {
  readonly rows: readonly InvitationRow[];
  /** The cursor of the page after this one; null: there is none. */
  readonly next: string | null;
}

/** Sources that are tried for one page. */
export const sourcesAtMost = 2;
/** Rows of a window: a first look, where there are two places to look at, and a thorough one, which takes about 0.2 ms. */
const firstLook = 128;
export const thoroughLook = 512;
/** More than a text can match: see `textMatchesAtMost`. */
const lookForText = 1_024;
/** One thorough look at a source for each of so many rows that were asked for. */
const rowsPerLook = 50;

/**
 * Reads one page, the newest invitations first; expired ones by their end and those that did not start by their start, the latest first, where that
 * is quicker. A page looks at some 10 rows for each one that was asked for, of each of two sources: it may hold fewer rows than the limit, or none,
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
  const candidates = await sourcesOf(database, filters, limit > rowsPerLook ? 512 : firstLook);
  const hasOrder = (source: SourceOf) => after === undefined || source(1).order === after.order;
  const sources = candidates.filter(hasOrder).slice(0, sourcesAtMost);
  // A cursor of a list with other filters.
  if (sources.length === 0) throw validationFailed([{ field: 'cursor', rule: pagingRules.cursor_invalid }]);
  const pages: InvitationPage[] = [];
  for (const rows of looksAt(sources, filters, limit)) {
    pages.length = 0;
    for (const source of sources) {
      const page = await readFrom(database, source(rows), filters, limit, after);
      if (page.next === null || page.rows.length === limit) return page;
      pages.push(page);
    }
  }
  // In the same order, more rows also mean that it got further.
  return pages.reduce((best, page) => (page.rows.length > best.rows.length ? page : best));
}

/** The rows of the windows that are tried. A long page takes more than a first look has; finding all of a text again costs more than it saves. */
export function looksAt(sources: readonly SourceOf[], { text }: ListFilters, limit = 1): readonly number[] {
  if (text) return [lookForText];
  return sources.length > 1 && limit < firstLook ? [firstLook, thoroughLook] : [thoroughLook];
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
  for (let looks = Math.ceil(limit / rowsPerLook); looks > 0 && rows.length < limit; looks -= 1) {
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
 * The sources that have everything that matches, those that look narrowest first.
 * @param idRows of a window, where each of them costs more.
 */
export async function sourcesOf(database: Queryable, filters: ListFilters, idRows: number): Promise<readonly SourceOf[]> {
  const { status, campaign, batch, text, code, codeLike, createdFrom, createdTo } = filters;
  if (code) return [() => codeSource(code)];
  if (codeLike !== undefined) return [codeLikeSource(codeLike)];
  if (text) return [allSource, textSource(text)];
  const sources: SourceOf[] = [];
  if (batch !== undefined) sources.push(batchSource(batch));
  if (campaign !== undefined) sources.push(campaignSource(campaign));
  if (status === 'held') sources.push(() => heldSource(idRows));
  if (status === 'used') sources.push(usedSource);
  if (status === 'usable' || status === 'free') sources.push(openSource);
  if (status === 'expired') sources.push(expiredSource, openSource);
  if (status === 'not_started') sources.push(notStartedSource, openSource);
  if (createdFrom ?? createdTo) sources.push(createdSource(filters));
  if (sources.length === 0 && status === 'revoked') {
    const campaigns = await revokedCampaigns(database, campaignsAtMost + 1);
    const rows = campaigns.length > 1 ? Math.min(idRows, 512) : idRows;
    if (campaigns.length <= campaignsAtMost) sources.push(() => revokedSource(campaigns)(rows));
  }
  return sources.length > 0 ? sources : [allSource];
}
