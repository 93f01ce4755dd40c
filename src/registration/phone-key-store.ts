import { type Queryable, statement } from '../database/database.ts';

const lockStatement = statement<{ is_mine: boolean }>(
  'registration_lock_phones',
  'SELECT pg_try_advisory_xact_lock(4015161720) AS is_mine',
);

/** @returns whether this transaction counts phone numbers; false: another process is counting. */
export async function lockPhones(transaction: Queryable): Promise<boolean> {
  const [row] = await transaction.run(lockStatement);
  return row?.is_mine ?? false;
}

export interface PhonesSeen {
  /** The last id that was looked at; NULL: there is no further account. */
  readonly last: number | null;
  /** Accounts whose number is not counted. */
  readonly ids: readonly number[];
  /** Their numbers, as stored. */
  readonly phones: readonly string[];
}

/** So many accounts are looked at, counted or not: the statement stays short however large the table is. */
const windowStatement = statement<PhonesSeen>(
  'registration_uncounted_phones',
  `SELECT max(id) AS last, COALESCE(array_agg(id ORDER BY id) FILTER (WHERE phone_key IS NULL), '{}') AS ids,
     COALESCE(array_agg(phone ORDER BY id) FILTER (WHERE phone_key IS NULL), '{}') AS phones
   FROM (SELECT id, phone, phone_key FROM "User" WHERE id > $1 ORDER BY id LIMIT 1000) AS seen`,
);

export async function readUncountedPhones(database: Queryable, after: number): Promise<PhonesSeen> {
  const [row] = await database.run(windowStatement, [after]);
  if (!row) throw new Error('an aggregate gives one row');
  return row;
}

const countStatement = statement<{ id: number }>(
  'registration_count_phones',
  `UPDATE "User" u SET phone_key = first.key
   FROM (SELECT DISTINCT ON (key) id, key FROM unnest($1::integer[], $2::text[]) AS read (id, key) ORDER BY key, id) first
   WHERE u.id = first.id AND u.phone_key IS NULL AND NOT EXISTS (SELECT FROM "User" other WHERE other.phone_key = first.key)
   RETURNING u.id`,
);

/**
 * Counts numbers, so that they are taken: one account for each, the oldest of the given ones.
 * @param keys E.164, for each id.
 * @returns the ids of the accounts that hold their number now.
 * @throws the driver's error with SQLSTATE 23505 if a sign-up took one of them meanwhile.
 */
export async function storePhoneKeys(
  transaction: Queryable,
  ids: readonly number[],
  keys: readonly string[],
): Promise<ReadonlySet<number>> {
  return new Set((await transaction.run(countStatement, [ids, keys])).map(({ id }) => id));
}

const takenStatement = statement<{ phone_key: string }>(
  'registration_taken_phones',
  'SELECT phone_key FROM "User" WHERE phone_key = ANY ($1::text[])',
);

/** @returns those of the numbers (E.164) that an account holds. */
export async function readTakenPhones(database: Queryable, keys: readonly string[]): Promise<ReadonlySet<string>> {
  return new Set((await database.run(takenStatement, [keys])).map(({ phone_key }) => phone_key));
}
