import type { Deadline } from '../deadline.ts';
import { Problem } from '../problems.ts';
import type { RegistrationServices } from './dependencies.ts';
import { registrationProblems } from './problems.ts';
import { deleteSession, readSession } from './store.ts';

/** What `abandonRegistration` throws. */
export const abandonProblems = [registrationProblems.session_not_found, registrationProblems.already_signed_up] as const;

/**
 * Abandons a sign-up at the person's request: deletes the entered data and frees the seat if one was held.
 * @throws Problem one of `abandonProblems`.
 */
export async function abandonRegistration({ database }: RegistrationServices, sessionId: string, deadline: Deadline): Promise<void> {
  if (await deleteSession(database, sessionId, deadline)) return;
  const { user_id } = await readSession(database, sessionId, deadline);
  throw new Problem(user_id === null ? registrationProblems.session_not_found : registrationProblems.already_signed_up);
}
