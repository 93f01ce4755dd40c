import { type Queryable, statement } from '../database/database.ts';

export interface PersonRow {
  readonly user_id: number;
  readonly name: string;
  readonly created_at: Date | null;
}

const peopleStatement = statement<PersonRow>(
  'users_people_of',
  'SELECT id AS user_id, name, created_at FROM "User" WHERE "invitationId" = $1 ORDER BY id DESC LIMIT $2',
);

/** The newest users who came in by an invitation. */
export async function peopleOf(database: Queryable, invitationId: number, limit: number): Promise<readonly PersonRow[]> {
  return database.run(peopleStatement, [invitationId, limit]);
}
