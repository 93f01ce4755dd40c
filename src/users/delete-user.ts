import type { Actor } from '../audit.ts';
import type { Deadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import { acceptPhone } from '../rules/phone.ts';
import type { UserServices } from './dependencies.ts';
import { userProblems } from './problems.ts';
import { deleteUserRow } from './user-store.ts';

/**
 * Deletes a user and all their data, from every table, in one transaction. Their seat stays used. Only the audit entry remains: who
 * deleted which id, and when.
 * @throws Problem `user_unknown`.
 */
export async function deleteUser(services: UserServices, actor: Actor, id: number, deadline: Deadline): Promise<void> {
  const { database, audit, phoneRegion, forgetPerson } = services;
  await database.transaction(async (transaction) => {
    const deleted = await deleteUserRow(transaction, id);
    if (!deleted) throw new Problem(userProblems.user_unknown);
    const phone = acceptPhone(deleted.phone, { region: phoneRegion });
    const person = { userId: id, invitationId: deleted.invitation_id, phone: phone.ok ? phone.value.e164 : undefined };
    let after = {};
    for (const forget of forgetPerson) after = { ...after, ...(await forget(transaction, person)) };
    const before = { invitation_id: deleted.invitation_id };
    await audit(transaction, actor, { action: 'user.delete', subject: 'user', subjectId: id, before, after });
  }, deadline);
}
