import { refusalFor } from '../invitations/refusals.ts';
import { Problem } from '../problems.ts';
import { registrationProblems } from './problems.ts';
import type { SessionState } from './store.ts';

/**
 * Checks that a session is alive and its invitation can still be completed.
 * @throws Problem `session_not_found`, `invitation_revoked`, `invitation_used`.
 */
export function demandOpenSession(session: SessionState): SessionState & { readonly expires_at: Date } {
  const { expires_at, still_open, state } = session;
  if (!expires_at || still_open === null) throw new Problem(registrationProblems.session_not_found);
  if (!still_open) throw refusalFor(state === 'revoked' ? 'revoked' : 'used');
  return { ...session, expires_at };
}

/** @returns the problem for a last step that comes while others are missing. */
export function stepsIncomplete(missing: readonly string[]): Problem {
  return new Problem(registrationProblems.steps_incomplete, { values: { missing: missing.join(', ') }, members: { missing } });
}
