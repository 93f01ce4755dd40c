import { Problem } from '../errors.ts';
import type { RegistrationServices } from './dependencies.ts';
import { registrationProblems } from './errors.ts';
import { deleteSession } from './store.ts';

/**
 * Ends a sign-up at its owner's wish: what was entered is deleted and the seat, where one was held, is free.
 * @throws Problem `session_not_found`.
 */
export async function abandonRegistration({ database }: RegistrationServices, sessionId: string): Promise<void> {
  if (!(await deleteSession(database, sessionId))) throw new Problem(registrationProblems.session_not_found);
}
