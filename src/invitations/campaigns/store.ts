import { type Queryable, statement } from '../../database/database.ts';
import { stateOf, usedSeats } from '../availability.ts';
import type { CampaignRow } from '../campaign-store.ts';

/** A campaign. The times are null if only invitations name it, as other people's SQL may do. */
export interface CampaignSeen {
  readonly name: string;
  readonly created_at: Date | null;
  readonly revoked_at: Date | null;
}

/** The next name from either table; reads one entry of each index. */
const nameAfter = (name: string) => `LEAST(
  (SELECT c.name FROM campaigns c WHERE c.name > ${name} ORDER BY c.name LIMIT 1),
  (SELECT i.campaign FROM "Invitation" i WHERE i.campaign > ${name} ORDER BY i.campaign LIMIT 1))`;

const listStatement = statement<CampaignSeen>(
  'campaigns_list',
  `WITH RECURSIVE walk (name) AS (
     SELECT ${nameAfter('$1::text')} UNION ALL SELECT ${nameAfter('walk.name')} FROM walk WHERE walk.name IS NOT NULL
   )
   SELECT named.name, c.created_at, c.revoked_at
   FROM (SELECT name FROM walk WHERE name IS NOT NULL LIMIT $2) named LEFT JOIN campaigns c ON c.name = named.name
   ORDER BY named.name`,
);

/**
 * Lists campaigns by name, skipping from name to name however many invitations each has.
 * @param after a name, or an empty string.
 */
export async function listCampaigns(database: Queryable, after: string, limit: number): Promise<readonly CampaignSeen[]> {
  return database.run(listStatement, [after, limit]);
}

/** Whether an invitation has this campaign: one index entry answers it. */
const isOnInvitations = `(SELECT i.campaign FROM "Invitation" i WHERE i.campaign >= (SELECT $1::text) ORDER BY i.campaign LIMIT 1) = $1::text`;

const readStatement = statement<CampaignSeen>(
  'campaigns_read',
  `SELECT asked.name, c.created_at, c.revoked_at FROM (VALUES ($1::text)) AS asked (name) LEFT JOIN campaigns c ON c.name = asked.name
   WHERE c.name IS NOT NULL OR ${isOnInvitations}`,
);

/** @returns undefined if there is no such campaign. */
export async function readCampaign(database: Queryable, name: string): Promise<CampaignSeen | undefined> {
  const [row] = await database.run(readStatement, [name]);
  return row;
}

const adoptStatement = statement(
  'campaigns_adopt',
  `INSERT INTO campaigns (name) SELECT $1::text
   WHERE NOT EXISTS (SELECT FROM campaigns WHERE name = $1) AND ${isOnInvitations} ON CONFLICT (name) DO NOTHING`,
);

/** Inserts the row of a campaign that was named only by SQL. */
export async function adoptCampaign(transaction: Queryable, name: string): Promise<void> {
  await transaction.run(adoptStatement, [name]);
}

const revokeStatement = statement<CampaignRow>(
  'campaigns_revoke',
  'UPDATE campaigns SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING name, created_at, revoked_at',
);

/**
 * Waits for sign-ups that are completing with its invitations.
 * @returns undefined if it is already revoked or does not exist.
 */
export async function storeCampaignRevocation(transaction: Queryable, name: string): Promise<CampaignRow | undefined> {
  const [row] = await transaction.run(revokeStatement, [name]);
  return row;
}

const restoreStatement = statement<CampaignRow & { was_revoked_at: Date }>(
  'campaigns_restore',
  `UPDATE campaigns SET revoked_at = NULL
   FROM (SELECT name, revoked_at FROM campaigns WHERE name = $1 FOR NO KEY UPDATE) AS before
   WHERE campaigns.name = before.name AND before.revoked_at IS NOT NULL
   RETURNING campaigns.name, campaigns.created_at, campaigns.revoked_at, before.revoked_at AS was_revoked_at`,
);

/** @returns undefined if it is not revoked or does not exist. */
export async function storeCampaignRestoration(
  transaction: Queryable,
  name: string,
): Promise<(CampaignRow & { was_revoked_at: Date }) | undefined> {
  const [row] = await transaction.run(restoreStatement, [name]);
  return row;
}

export interface CampaignCounts {
  readonly total: number;
  readonly usable: number;
  readonly used: number;
  readonly expired: number;
  readonly revoked: number;
  readonly not_started: number;
  readonly seats_total: number;
  readonly seats_used: number;
  readonly seats_held: number;
  readonly seats_free: number;
}

/** Live sessions are counted first, in one pass: a lookup for each of a million invitations would take seconds. */
const countStatement = statement<CampaignCounts>(
  'campaigns_count',
  `WITH live AS MATERIALIZED (
     SELECT "invitationId" AS id, count(*) AS sessions FROM "RegisterSession" WHERE expires_at > now() GROUP BY "invitationId"
   ), invitation AS (
     SELECT ${stateOf('i')} AS state, i.max_uses, ${usedSeats('i')} AS used,
       LEAST(i.max_uses - (${usedSeats('i')}), COALESCE(live.sessions, 0)) AS held
     FROM "Invitation" i LEFT JOIN live ON live.id = i.id WHERE i.campaign = $1
   )
   SELECT count(*) AS total,
     ${['usable', 'used', 'expired', 'revoked', 'not_started'].map((state) => `count(*) FILTER (WHERE state = '${state}') AS ${state}`).join(', ')},
     COALESCE(sum(max_uses), 0)::bigint AS seats_total, COALESCE(sum(used), 0)::bigint AS seats_used,
     COALESCE(sum(held), 0)::bigint AS seats_held,
     COALESCE(sum(max_uses - used - held) FILTER (WHERE state = 'usable'), 0)::bigint AS seats_free
   FROM invitation`,
);

/** Counts everything in a campaign: about a second for a million invitations. */
export async function countCampaign(database: Queryable, name: string): Promise<CampaignCounts> {
  const [row] = await database.run(countStatement, [name]);
  if (!row) throw new Error('the statement gives one row');
  return row;
}
