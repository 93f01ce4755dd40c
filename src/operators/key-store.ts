import { type Queryable, statement } from '../database/database.ts';
import type { Page } from '../paging/cursor.ts';
import { type List, newestFirst, readPage } from '../paging/keyset-page.ts';
import type { Role } from './roles.ts';

/** An operator key as stored, without its hash. */
export interface KeyRow {
  readonly id: number;
  readonly label: string;
  readonly role: Role;
  readonly hint: string;
  readonly created_at: Date;
  readonly created_by: string;
  readonly last_used_at: Date | null;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
}

const columns = 'id, label, role, hint, created_at, created_by, last_used_at, expires_at, revoked_at';

export interface KeyToStore {
  readonly label: string;
  readonly role: Role;
  readonly hash: string;
  readonly hint: string;
  readonly createdBy: string;
  /** At most one of the two. Neither: the key never expires. */
  readonly expiresAt: Date | null;
  readonly validSeconds: number | null;
}

const insertStatement = statement<KeyRow>(
  'operators_insert_key',
  `INSERT INTO operator_keys (label, role, key_hash, hint, created_by, expires_at)
   SELECT $1, $2, $3, $4, $5, coalesce($6::timestamptz, now() + make_interval(secs => $7::double precision))
   WHERE $6::timestamptz IS NULL OR $6::timestamptz > now()
   RETURNING ${columns}`,
);

/** @returns undefined if it would have expired already, by the database's clock. */
export async function insertKey(transaction: Queryable, key: KeyToStore): Promise<KeyRow | undefined> {
  const { label, role, hash, hint, createdBy, expiresAt, validSeconds } = key;
  const values = [label, role, hash, hint, createdBy, expiresAt?.toISOString() ?? null, validSeconds];
  const [row] = await transaction.run(insertStatement, values);
  return row;
}

// No other code takes this lock, and nothing is locked after it.
const lockLabelsStatement = statement('operators_lock_labels', 'SELECT pg_advisory_xact_lock(4015161720)');
const labelsStatement = statement<{ id: number; label: string }>(
  'operators_labels_in_use',
  'SELECT id, label FROM operator_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY id',
);

/**
 * Keeps other transactions from creating keys until this one ends.
 * @returns the labels of all usable keys.
 */
export async function lockLabels(transaction: Queryable): Promise<readonly { readonly id: number; readonly label: string }[]> {
  await transaction.run(lockLabelsStatement);
  return transaction.run(labelsStatement);
}

const revokeStatement = statement<KeyRow>(
  'operators_revoke_key',
  `UPDATE operator_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING ${columns}`,
);

/** @returns undefined if there is no such key or it was already revoked. */
export async function revokeKey(transaction: Queryable, id: number): Promise<KeyRow | undefined> {
  const [row] = await transaction.run(revokeStatement, [id]);
  return row;
}

const readStatement = statement<KeyRow>('operators_read_key', `SELECT ${columns} FROM operator_keys WHERE id = $1`);

export async function readKey(database: Queryable, id: number): Promise<KeyRow | undefined> {
  const [row] = await database.run(readStatement, [id]);
  return row;
}

const keys: List<KeyRow, Record<never, never>> = { name: 'operators_keys', columns, from: 'operator_keys', predicates: {} };

/** The newest keys first, with those that expired or were revoked. */
export function listKeys(
  database: Queryable,
  page: { readonly after: readonly [id: number] | undefined; readonly limit: number },
): Promise<Page<KeyRow>> {
  return readPage(database, keys, {}, newestFirst('id'), page);
}

const thereAreStatement = statement<{ ever: boolean; usable: boolean }>(
  'operators_keys_there_are',
  `SELECT EXISTS (SELECT FROM operator_keys) AS ever,
     EXISTS (SELECT FROM operator_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) AS usable`,
);

/** @returns whether there ever was a key, and whether one is usable now. */
export async function keysThereAre(database: Queryable): Promise<{ ever: boolean; usable: boolean }> {
  const [row] = await database.run(thereAreStatement);
  return row ?? { ever: false, usable: false };
}
