import { type Queryable, type Statement, statement } from '../database/database.ts';
import { countDownwards, type DownwardPage, type IdRange, readDownwards, type Total } from '../read-downwards.ts';

/** A user as operators may see one; never with the password hash. */
export interface UserRow {
  readonly id: number;
  readonly name: string;
  /** As the person typed it. */
  readonly phone: string;
  readonly birthday: string;
  readonly created_at: Date | null;
  readonly invitation_id: number;
}

const columns = 'u.id, u.name, u.phone, u.birthday, u.created_at, u."invitationId" AS invitation_id';

/** The filters; a missing one matches everything. */
export interface UserFilter {
  readonly invitation_id?: number | undefined;
  readonly campaign?: string | undefined;
  /** The beginning of the name, in any case. */
  readonly name?: string | undefined;
  /** Also matches this phone number, besides names: as typed, and the digits with which each notation of it ends. */
  readonly phone?: { readonly typed: string; readonly digits: string | undefined } | undefined;
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

type Bounds = { readonly first: number | null; readonly last: number | null };
const bounds = (name: string, condition: string) =>
  statement<Bounds>(name, `SELECT min(id) AS first, max(id) AS last FROM "User" ${condition}`);
const allStatement = bounds('users_ids', '');
const invitedStatement = bounds('users_ids_invited', 'WHERE "invitationId" = $1');
const betweenStatement = bounds('users_ids_between', 'WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz');

/** The range of ids that can match: indexes give the bounds of all ids, of an invitation's, and of a period's. */
export async function idsOfUsers(database: Queryable, { invitation_id, from, to }: UserFilter): Promise<IdRange | undefined> {
  const isIndexed = invitation_id !== undefined;
  const [row] = isIndexed
    ? await database.run(invitedStatement, [invitation_id])
    : from !== undefined || to !== undefined
      ? await database.run(betweenStatement, [from?.toISOString() ?? '-infinity', to?.toISOString() ?? 'infinity'])
      : await database.run(allStatement);
  return row?.first == null || row.last == null ? undefined : { first: row.first, last: row.last, isIndexed };
}

/** The condition on the invitation is only added if requested, so that its index is used. */
const conditions = (ofInvitation: boolean) => `
   WHERE u.id >= $1 AND u.id < $2 AND ${ofInvitation ? 'u."invitationId" = $4' : '$4::integer IS NULL'}
     AND ($5::text IS NULL OR EXISTS (SELECT FROM "Invitation" i WHERE i.id = u."invitationId" AND i.campaign = $5))
     AND ($6::text IS NULL OR starts_with(lower(u.name), lower($6::text)) OR u.phone = $7::text
       OR right(translate(u.phone, '+-(). ', ''), length($8::text)) = $8)
     AND ($9::timestamptz IS NULL OR u.created_at >= $9) AND ($10::timestamptz IS NULL OR u.created_at < $10)`;

function filtered<Row>(name: string, text: (where: string) => string): (filter: UserFilter) => Statement<Row> {
  const [any, ofInvitation] = [statement<Row>(name, text(conditions(false))), statement<Row>(`${name}_invited`, text(conditions(true)))];
  return ({ invitation_id }) => (invitation_id === undefined ? any : ofInvitation);
}

const listStatement = filtered<UserRow>('users_list', (where) => `SELECT ${columns} FROM "User" u ${where} ORDER BY u.id DESC LIMIT $3`);
const countStatement = filtered<{ users: number }>(
  'users_count',
  (where) => `SELECT count(*) AS users FROM (SELECT FROM "User" u ${where} LIMIT $3) AS counted`,
);

function valuesOf({ invitation_id, campaign, name, phone, from, to }: UserFilter): unknown[] {
  const values = [invitation_id, campaign, name, phone?.typed, phone?.digits, from?.toISOString(), to?.toISOString()];
  return values.map((value) => value ?? null);
}

/**
 * The newest users first.
 * @param range from `idsOfUsers`.
 * @param before the last id of the previous page.
 */
export async function readUsers(
  database: Queryable,
  filter: UserFilter,
  range: IdRange | undefined,
  before: number | undefined,
  limit: number,
): Promise<DownwardPage<UserRow>> {
  const asked = valuesOf(filter);
  return readDownwards(range, before, limit, (from, below, most) => database.run(listStatement(filter), [from, below, most, ...asked]));
}

/** How many users match: up to 1,000, and only as far as one page would look. */
export async function countSomeUsers(database: Queryable, filter: UserFilter, range: IdRange | undefined): Promise<Total> {
  const asked = valuesOf(filter);
  return countDownwards(range, async (from, below, most) => {
    const [row] = await database.run(countStatement(filter), [from, below, most, ...asked]);
    return row?.users ?? 0;
  });
}

/** How many users match, all of them. This may take long; set the transaction's timeout accordingly. */
export async function countAllUsers(transaction: Queryable, filter: UserFilter, range: IdRange | undefined): Promise<number> {
  if (!range) return 0;
  const [row] = await transaction.run(countStatement(filter), [range.first, range.last + 1, null, ...valuesOf(filter)]);
  return row?.users ?? 0;
}

const readStatement = statement<UserRow>('users_read', `SELECT ${columns} FROM "User" u WHERE u.id = $1`);

export async function readUser(database: Queryable, id: number): Promise<UserRow | undefined> {
  const [row] = await database.run(readStatement, [id]);
  return row;
}

const deleteStatement = statement<{ phone: string; invitation_id: number }>(
  'users_delete',
  'DELETE FROM "User" WHERE id = $1 RETURNING phone, "invitationId" AS invitation_id',
);

/** @returns the remaining data of a user; undefined if there is no such user. */
export async function deleteUserRow(transaction: Queryable, id: number): Promise<{ phone: string; invitation_id: number } | undefined> {
  const [row] = await transaction.run(deleteStatement, [id]);
  return row;
}
