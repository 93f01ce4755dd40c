import type { Actor } from '../audit.ts';
import { until } from '../database/database.ts';
import type { Deadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import type { UserServices } from './dependencies.ts';
import { userProblems } from './problems.ts';
import { readUser } from './user-store.ts';
import { type ShownUser, showUsers } from './user-view.ts';

export interface ShownUserInFull extends ShownUser {
  /** `YYYY-MM-DD`; null if this operator may not see it. */
  readonly birthday: string | null;
}

/**
 * Reads one user. Showing everything writes an audit entry first.
 * @param inFull false: the phone number is masked, and there is no birthday.
 * @throws Problem `user_unknown`.
 */
export async function readUserAs(
  services: UserServices,
  actor: Actor,
  inFull: boolean,
  id: number,
  deadline: Deadline,
): Promise<ShownUserInFull> {
  const { audit } = services;
  const database = until(deadline, services.database);
  const row = await readUser(database, id);
  const [shown] = row ? await showUsers(services, [row], inFull, deadline) : [];
  if (!row || !shown) throw new Problem(userProblems.user_unknown);
  if (inFull) await audit(database, actor, { action: 'user.read', subject: 'user', subjectId: id });
  return { ...shown, birthday: inFull ? row.birthday : null };
}
