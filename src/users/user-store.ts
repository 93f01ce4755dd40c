import { type Queryable, statement } from '../database/database.ts';
import { type List, newestFirst } from '../paging/keyset-page.ts';
import { textCondition, type UserSearch } from './user-search.ts';

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

/** The filters of the list, by the names of `userFilterQuery`. */
export interface UserFilter {
  readonly invitation_id: number | undefined;
  readonly campaign: string | undefined;
  readonly text: UserSearch | undefined;
  /** The first moment. */
  readonly created_from: Date | undefined;
  /** The moment after the last. */
  readonly created_to: Date | undefined;
}

export const users: List<UserRow, UserFilter> = {
  name: 'users',
  columns,
  from: '"User" u',
  predicates: {
    invitation_id: (id, bind) => `u."invitationId" = ${bind(id, 'integer')}`,
    campaign: (name, bind) => `EXISTS (SELECT FROM "Invitation" i WHERE i.id = u."invitationId" AND i.campaign = ${bind(name, 'text')})`,
    text: (text, bind) => (text.ids ? `u.id = ANY (${bind(text.ids, 'integer[]')})` : textCondition(text, bind)),
    created_from: (from, bind) => `u.created_at >= ${bind(from.toISOString(), 'timestamptz')}`,
    created_to: (to, bind) => `u.created_at < ${bind(to.toISOString(), 'timestamptz')}`,
  },
};

export const usersInOrder = newestFirst<UserRow>('u.id');

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
