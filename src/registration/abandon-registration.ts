import type { Deadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import type { RegistrationServices } from './dependencies.ts';
import { registrationProblems } from './problems.ts';
import { deleteSession } from './store.ts';

/**
 * Abandons a sign-up at the person's request: deletes the entered data and frees the seat if one was held.
 * @throws Problem `session_not_found`.
 */
export async function abandonRegistration({ database }: RegistrationServices, sessionId: string, deadline: Deadline): Promise<void> {
  if (!(await deleteSession(database, sessionId, deadline))) throw new Problem(registrationProblems.session_not_found);
}
