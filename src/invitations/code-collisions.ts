import { type Queryable, statement } from '../database/database.ts';
import { codeKey } from '../database/folded-text.ts';
import { Problem } from '../problems.ts';
import { mayBeUsed } from './availability.ts';
import { invitationProblems } from './problems.ts';

/**
 * Two codes collide if people cannot tell them apart: their keys (`database/folded-text.ts`) are equal. A unique index cannot forbid it, because the original's
 * SQL may insert such rows. So each transaction that adds codes takes a lock as its last lock, looks again, and commits: of two concurrent ones the
 * second sees the rows of the first. Generated codes need neither: a collision is as unlikely as guessing a code.
 */
const lockStatement = statement('invitations_lock_codes', 'SELECT pg_advisory_xact_lock(4015161719)');

export interface Collision {
  readonly code: string;
  readonly other_id: number;
  readonly other_code: string;
}

/**
 * LATERAL makes PostgreSQL look each row up in the index of keys, even if its statistics predate the table's growth. `+ 0`, because for
 * ORDER BY id LIMIT 1 it would scan the primary key instead: an import of 100,000 lines then took more than 30 s.
 */
const collisions = (rows: string, others: string) =>
  `SELECT mine.code, other.id AS other_id, other.code AS other_code
   FROM "Invitation" mine CROSS JOIN LATERAL (
     SELECT found.id, found.code FROM "Invitation" found
     WHERE ${codeKey('found.code')} = ${codeKey('mine.code')} AND ${codeKey('mine.code')} <> '' AND found.id <> mine.id AND ${others}
     ORDER BY found.id + 0 LIMIT 1
   ) other
   WHERE ${rows} LIMIT 1`;

const anyOtherStatement = statement<Collision>('invitations_collision', collisions('mine.id = $1', 'true'));
const usableOtherStatement = statement<Collision>('invitations_usable_collision', collisions('mine.id = $1', mayBeUsed('found')));

/**
 * Call this after inserting an invitation with a chosen code, as the last thing that may block.
 * @throws Problem `invitation_code_alike` if another invitation has its key, in whatever state.
 */
export async function refuseCollision(transaction: Queryable, id: number): Promise<void> {
  await transaction.run(lockStatement);
  refuse((await transaction.run(anyOtherStatement, [id]))[0]);
}

/**
 * The same for an invitation that becomes usable again: only usable ones count.
 * @throws Problem `invitation_code_alike`.
 */
export async function refuseUsableCollision(transaction: Queryable, id: number): Promise<void> {
  await transaction.run(lockStatement);
  refuse((await transaction.run(usableOtherStatement, [id]))[0]);
}

const usableOthersStatement = statement<Collision>(
  'invitations_usable_collisions',
  collisions('mine.id = ANY ($1::integer[])', mayBeUsed('found')),
);

/**
 * The same for several invitations.
 * @throws Problem `invitation_code_alike`.
 */
export async function refuseUsableCollisions(transaction: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await transaction.run(lockStatement);
  refuse((await transaction.run(usableOthersStatement, [ids]))[0]);
}

/**
 * The state is asked for of the pairs only: with it in the join the planner expects few rows and looks the keys up one by one, at 30 µs each. As it is,
 * 300,000 codes were compared with 1,400,000 in 7 s.
 */
const campaignStatement = statement<Collision>(
  'invitations_campaign_collision',
  `WITH alike AS MATERIALIZED (
     SELECT mine.id, found.id AS other_id FROM "Invitation" mine JOIN "Invitation" found ON ${codeKey('found.code')} = ${codeKey('mine.code')}
     WHERE mine.campaign = $1 AND found.id <> mine.id AND ${codeKey('mine.code')} <> ''
   )
   SELECT mine.code, found.id AS other_id, found.code AS other_code
   FROM alike JOIN "Invitation" mine ON mine.id = alike.id JOIN "Invitation" found ON found.id = alike.other_id
   WHERE ${mayBeUsed('mine')} AND ${mayBeUsed('found')} LIMIT 1`,
);

/**
 * The same for a campaign that was restored in this transaction. All codes are compared: seconds for a million.
 * @throws Problem `invitation_code_alike`.
 */
export async function refuseCampaignCollision(transaction: Queryable, campaign: string): Promise<void> {
  await transaction.run(lockStatement);
  refuse((await transaction.run(campaignStatement, [campaign]))[0]);
}

const rangeStatement = statement<{ first: number | null; last: number | null }>(
  'invitations_batch_range',
  'SELECT min(id) AS first, max(id) AS last FROM "Invitation" WHERE batch = $1',
);
const batchStatement = statement<Collision>(
  'invitations_batch_collision',
  collisions('mine.batch = $1::uuid AND mine.id BETWEEN $2::integer AND $3::integer', 'true'),
);
/** Ids per statement: on the embedded database every request waits for it. */
const idsAtOnce = 5_000;

/**
 * The same for a batch of chosen codes.
 * @param between called between two statements.
 * @throws Problem `invitation_code_alike`.
 */
export async function refuseCollisionsOfBatch(transaction: Queryable, batch: string, between: () => Promise<unknown>): Promise<void> {
  await transaction.run(lockStatement);
  const [range] = await transaction.run(rangeStatement, [batch]);
  const last = range?.last ?? 0;
  for (let id = range?.first ?? 1; id <= last; id += idsAtOnce) {
    refuse((await transaction.run(batchStatement, [batch, id, Math.min(id + idsAtOnce - 1, last)]))[0]);
    await between();
  }
}

const ofCodesStatement = statement<Collision>(
  'invitations_collisions_of_codes',
  `SELECT wanted.code, other.id AS other_id, other.code AS other_code
   FROM unnest($1::text[]) AS wanted (code) CROSS JOIN LATERAL (
     SELECT i.id, i.code FROM "Invitation" i
     WHERE ${codeKey('i.code')} = ${codeKey('wanted.code')} AND ${codeKey('wanted.code')} <> '' AND i.code <> wanted.code ORDER BY i.id + 0 LIMIT 1
   ) other`,
);

/** @returns for each code the invitation that it would collide with, if any. */
export async function collisionsOf(database: Queryable, codes: readonly string[]): Promise<ReadonlyMap<string, Collision>> {
  return new Map((await database.run(ofCodesStatement, [codes])).map((collision) => [collision.code, collision]));
}

/** The problem as the OpenAPI document shows it. */
export const alikeExample = alike({ code: 'welcomepark', other_id: 42, other_code: 'WELCOME-PARK' });

function refuse(collision: Collision | undefined): void {
  if (collision) throw alike(collision);
}

function alike({ code, other_id, other_code }: Collision): Problem {
  return new Problem(invitationProblems.invitation_code_alike, { values: { code, other: other_code }, members: { other_id, other_code } });
}
