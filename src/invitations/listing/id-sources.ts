import type { CodeLookUp } from '../code-look-up.ts';
import { hasKeyOf, meant } from './conditions.ts';
import type { SearchText } from './list-filters.ts';
import type { Parameters } from './parameters.ts';
import { latestId, type Position } from './positions.ts';
import type { Source, SourceOf } from './sources.ts';
import { textMatches } from './text-search.ts';

/** The sources that find ids first, in more than one index or in another table, and their invitations after that. */

type Found = (parameters: Parameters, after: Position | undefined) => string;
const idBelow = (parameters: Parameters, after: Position | undefined) => parameters.hidden(after?.id ?? latestId, 'bigint');

/** @param found SQL that gives `id` and `place`. An id whose invitation is gone still tells how far a window reached. */
function fromIds(name: string, windowRows: number, found: Found): Source {
  return {
    name: `${name}_${windowRows}`,
    order: 'id',
    orderBy: 'i.seen_id DESC',
    windowRows,
    window: (parameters, after) =>
      `SELECT found.id AS seen_id, found.place, i.* FROM (${found(parameters, after)}) found LEFT JOIN "Invitation" i ON i.id = found.id`,
  };
}

/** The newest of several sets of ids. */
const newestOf = (ids: string, rows: number) =>
  `SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM (${ids}) ids ORDER BY id DESC LIMIT ${rows}`;

/** What matches a text, as far as it is ever looked at. */
export function textSource(text: SearchText): SourceOf {
  return (windowRows) =>
    fromIds('text', windowRows, (parameters, after) => {
      const matches = textMatches(text, parameters);
      return newestOf(`SELECT id FROM (${matches}) matches WHERE id < ${idBelow(parameters, after)}`, windowRows);
    });
}

/** The one invitation that a code means. */
export function codeSource(code: CodeLookUp): Source {
  return fromIds('code', Number.MAX_SAFE_INTEGER, (parameters, after) => {
    return `SELECT id, 1::bigint AS place FROM (SELECT ${meant(code, parameters)} AS id) meant WHERE id < ${idBelow(parameters, after)}`;
  });
}

/** All invitations whose codes people cannot tell from one. */
export const codeLikeSource =
  (code: string): SourceOf =>
  (windowRows) =>
    fromIds('code_like', windowRows, (parameters, after) => {
      const condition = hasKeyOf(parameters.hidden(code, 'text'));
      return newestOf(`SELECT i.id FROM "Invitation" i WHERE ${condition} AND i.id < ${idBelow(parameters, after)}`, windowRows);
    });

/** Invitations with sessions; the window counts the sessions, of which one invitation may have any number. */
export const heldSource: SourceOf = (windowRows) =>
  fromIds('held', windowRows, (parameters, after) => {
    const order = '"invitationId" DESC, expires_at DESC';
    return `SELECT "invitationId" AS id, max(place) AS place
      FROM (SELECT "invitationId", row_number() OVER (ORDER BY ${order}) AS place
        FROM (SELECT "invitationId", expires_at FROM "RegisterSession" WHERE "invitationId" < ${idBelow(parameters, after)}
          ORDER BY ${order} LIMIT ${windowRows}) newest) placed
      GROUP BY "invitationId"`;
  });

/** Revoked campaigns that are looked through one by one; where there are more, a revoked invitation is rarely far. */
export const campaignsAtMost = 20;

/**
 * The invitations that were revoked themselves, and those of revoked campaigns: of each of them so many as a window has.
 * @param campaigns all the revoked ones.
 */
export function revokedSource(campaigns: readonly string[]): SourceOf {
  return (windowRows) => {
    const limit = `LIMIT ${windowRows}`;
    return fromIds('revoked', windowRows, (parameters, after) => {
      const below = idBelow(parameters, after);
      const themselves = `SELECT i.id FROM "Invitation" i WHERE i.revoked_at IS NOT NULL AND i.id < ${below} ORDER BY i.id DESC ${limit}`;
      const withCampaign = `SELECT labelled.id FROM unnest(${parameters.add(campaigns, 'text[]')}) AS stopped (name), LATERAL (
          SELECT i.id FROM "Invitation" i WHERE (i.campaign, i.id) < (stopped.name, ${below}) AND i.campaign >= stopped.name
          ORDER BY i.campaign DESC, i.id DESC ${limit}) labelled`;
      return newestOf(`(${themselves}) UNION (${withCampaign})`, windowRows);
    });
  };
}
