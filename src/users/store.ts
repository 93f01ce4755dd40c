import { type Queryable, statement } from '../database/database.ts';

export interface PersonRow {
  readonly user_id: number;
  readonly name: string;
  readonly created_at: Date | null;
}

const peopleStatement = statement<PersonRow & { readonly invitation_id: number }>(
  'users_people_of',
  `SELECT wanted.id AS invitation_id, person.user_id, person.name, person.created_at
   FROM unnest($1::integer[]) AS wanted (id)
   CROSS JOIN LATERAL (
     SELECT id AS user_id, name, created_at FROM "User" WHERE "invitationId" = wanted.id ORDER BY id DESC LIMIT $2
   ) person
   ORDER BY person.user_id DESC`,
);

/** The newest users of the given invitations, at most `limit` each; invitations without users are missing from the result. */
export async function peopleOf(
  database: Queryable,
  invitationIds: readonly number[],
  limit: number,
): Promise<ReadonlyMap<number, readonly PersonRow[]>> {
  const people = new Map<number, PersonRow[]>();
  for (const { invitation_id, ...person } of await database.run(peopleStatement, [invitationIds, limit])) {
    const others = people.get(invitation_id);
    if (others) others.push(person);
    else people.set(invitation_id, [person]);
  }
  return people;
}
