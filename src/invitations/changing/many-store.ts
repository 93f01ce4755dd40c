import { type Queryable, statement } from '../../database/database.ts';
import { stateOf, usedSeats } from '../availability.ts';

/** Which invitations: all of a campaign, or all of a batch; the other is null. */
export interface ManyWanted {
  readonly campaign: string | null;
  /** A UUID. */
  readonly batch: string | null;
}

/** What changes; undefined: unchanged. */
export interface ManyChange {
  readonly maxUses: number | undefined;
  readonly startsAt: Date | null | undefined;
  readonly expiresAt: Date | null | undefined;
  /** Seconds by which every end is moved; negative: earlier. Invitations without an end keep none. */
  readonly extendSeconds: number | undefined;
}

export interface ManyChanged {
  readonly found: number;
  readonly changed: number;
  /** The most seats that one of them has used. */
  readonly most_used: number;
  /** One of them would end before it starts. */
  readonly backwards: boolean;
  /** Those that can be used now or later and could not before. */
  readonly reopened: readonly number[];
}

const named = `(($1::text IS NOT NULL AND i.campaign = $1) OR ($2::uuid IS NOT NULL AND i.batch = $2))`;
const open = (row: string) => `(${stateOf(row)}) IN ('usable', 'not_started')`;

/** The rows are locked in the order of their ids, so that two of these cannot deadlock. */
const changeStatement = statement<ManyChanged>(
  'invitations_change_many',
  `WITH locked AS (
     SELECT i.id, ${open('i')} AS was_open, ${usedSeats('i')} AS used,
       CASE WHEN $3::boolean THEN $4::timestamptz ELSE i.starts_at END AS starts_at,
       CASE WHEN $5::boolean THEN $6::timestamptz ELSE i.expires_at + make_interval(secs => $7::double precision) END AS expires_at
     FROM "Invitation" i WHERE ${named} ORDER BY i.id FOR NO KEY UPDATE OF i
   ), changed AS (
     UPDATE "Invitation" i SET starts_at = locked.starts_at, expires_at = locked.expires_at,
       max_uses = COALESCE($8::integer, i.max_uses),
       use_count = CASE WHEN $8::integer IS NULL THEN i.use_count ELSE locked.used END,
       is_used = CASE WHEN $8::integer IS NULL THEN i.is_used ELSE locked.used >= $8::integer END
     FROM locked
     WHERE i.id = locked.id AND ($8::integer IS NULL OR locked.used <= $8::integer)
       AND (i.starts_at, i.expires_at, i.max_uses) IS DISTINCT FROM (locked.starts_at, locked.expires_at, COALESCE($8::integer, i.max_uses))
     RETURNING i.id, locked.was_open, ${open('i')} AS is_open
   )
   SELECT (SELECT count(*) FROM locked) AS found, (SELECT count(*) FROM changed) AS changed,
     (SELECT COALESCE(max(used), 0) FROM locked) AS most_used,
     EXISTS (SELECT FROM locked WHERE expires_at <= starts_at) AS backwards,
     ARRAY(SELECT id FROM changed WHERE is_open AND NOT was_open ORDER BY id) AS reopened`,
);

/** Changes all of them in one statement, and locks them until the transaction ends. */
export async function storeManyChanges(transaction: Queryable, { campaign, batch }: ManyWanted, change: ManyChange): Promise<ManyChanged> {
  const { maxUses, startsAt, expiresAt, extendSeconds } = change;
  const times = [startsAt, expiresAt].flatMap((value) => [value !== undefined, value ?? null]);
  const [row] = await transaction.run(changeStatement, [campaign, batch, ...times, extendSeconds ?? 0, maxUses ?? null]);
  if (!row) throw new Error('the statement gives one row');
  return row;
}

const revokeStatement = statement<{ found: number; changed: number; reopened: readonly number[] }>(
  'invitations_revoke_batch',
  `WITH locked AS (
     SELECT i.id, i.revoked_at FROM "Invitation" i WHERE i.batch = $1::uuid ORDER BY i.id FOR NO KEY UPDATE OF i
   ), changed AS (
     UPDATE "Invitation" i SET revoked_at = CASE WHEN $2::boolean THEN now() END FROM locked
     WHERE i.id = locked.id AND (locked.revoked_at IS NULL) = $2::boolean RETURNING i.id, ${open('i')} AS is_open
   )
   SELECT (SELECT count(*) FROM locked) AS found, (SELECT count(*) FROM changed) AS changed,
     ARRAY(SELECT id FROM changed WHERE is_open ORDER BY id) AS reopened`,
);

/** Revokes or restores every invitation of a batch. @param revoked false: restores. */
export async function storeBatchRevocation(
  transaction: Queryable,
  batch: string,
  revoked: boolean,
): Promise<{ readonly found: number; readonly changed: number; readonly reopened: readonly number[] }> {
  const [row] = await transaction.run(revokeStatement, [batch, revoked]);
  if (!row) throw new Error('the statement gives one row');
  return row;
}
