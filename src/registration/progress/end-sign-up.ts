import type { Actor } from '../../audit.ts';
import { startDeadline } from '../../deadline.ts';
import { Problem } from '../../problems.ts';
import { stopLimit } from '../../time-limits.ts';
import { registrationProblems } from '../problems.ts';
import type { ProgressServices } from './dependencies.ts';
import { type EndedSession, endSession, releaseInvitation } from './session-store.ts';

/**
 * Ends a sign-up in progress: deletes the entered data and frees the seat if one was held. A sign-up that is completing at this moment is
 * either completed or ended, never both.
 * @param attempt as the list of sign-ups shows it.
 * @throws Problem `sign_up_unknown`.
 */
export async function endSignUp({ database, audit }: ProgressServices, actor: Actor, attempt: string): Promise<EndedSession> {
  return database.transaction(async (transaction) => {
    const ended = await endSession(transaction, attempt);
    if (!ended) throw new Problem(registrationProblems.sign_up_unknown);
    const { invitation_id, completed_steps } = ended;
    const before = { invitation_id, completed_steps };
    await audit(transaction, actor, { action: 'sign_up.end', subject: 'sign_up', subjectId: ended.attempt, before });
    return ended;
  }, startDeadline(stopLimit));
}

/**
 * Ends the sign-ups in progress on an invitation, so that the seats that they hold are free.
 * @param withSteps whether also those end that have stored a step.
 * @returns how many were ended; none is no error.
 */
export async function endSignUpsOn(
  { database, audit }: ProgressServices,
  actor: Actor,
  invitationId: number,
  withSteps: boolean,
): Promise<number> {
  return database.transaction(async (transaction) => {
    const ended = await releaseInvitation(transaction, invitationId, withSteps);
    const after = { ended, with_steps: withSteps };
    if (ended > 0)
      await audit(transaction, actor, { action: 'sign_up.release', subject: 'invitation', subjectId: String(invitationId), after });
    return ended;
  }, startDeadline(stopLimit));
}
