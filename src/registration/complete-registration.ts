import { violatedConstraint } from '../database/database-errors.ts';
import type { Deadline } from '../deadline.ts';
import { invitationProblems, unusableInvitation } from '../invitations/problems.ts';
import { Problem, validationFailed } from '../problems.ts';
import { isSamePhone } from '../rules/phone.ts';
import type { RegistrationServices } from './dependencies.ts';
import { demandOpenSession, registrationProblems, stepsIncomplete } from './problems.ts';
import { type CompletingValues, completingStep, type StepBody, type StepRules, stepsBeforeLast } from './steps.ts';
import { completeSession, readSession, type SessionState } from './store.ts';

/** What `completeRegistration` throws, besides `validation_failed`. */
export const completionProblems = (rules: StepRules) =>
  [
    registrationProblems.session_not_found,
    unusableInvitation('used'),
    unusableInvitation('revoked'),
    stepsIncomplete(['birthday'], rules),
    registrationProblems.session_completed,
    registrationProblems.phone_taken,
    invitationProblems.invitation_phone_mismatch,
  ] as const;

/**
 * The last step: creates the user, exactly once. One round trip on success, a second one to find out why it failed.
 * Repeating it with the same phone number gives the same answer for 24 hours, also after a restart.
 * @returns the user's id.
 * @throws Problem `validation_failed`, or one of `completionProblems`.
 */
export async function completeRegistration(
  services: RegistrationServices,
  sessionId: string,
  body: StepBody,
  deadline: Deadline,
): Promise<number> {
  const { database, rules } = services;
  const accepted = completingStep.accept(body, rules);
  if (!accepted.ok) throw validationFailed(accepted.errors);
  const { columns, e164 } = accepted.value;

  // Almost always one round. Another one if the state changed between the failed statement and the query for its reason.
  for (let round = 0; round < 3; round += 1) {
    const userId = await completeOnce(services, sessionId, accepted.value, deadline);
    if (userId !== undefined) return userId;
    const session = await readSession(database, sessionId, deadline);
    if (session.user_id !== null) return repeatAnswer(services, session.user_id, session.user_phone ?? '', columns.phone);
    refuseCompletion(session, e164, rules);
  }
  // Taken at each try and open again at each look: an operator resets the code while people race for it.
  throw unusableInvitation('used');
}

async function completeOnce(
  { database, rules, onSeatClaimed }: RegistrationServices,
  sessionId: string,
  { columns, e164 }: CompletingValues,
  deadline: Deadline,
) {
  try {
    const userId = await completeSession(database, sessionId, e164, rules.phoneUnique ? e164 : null, columns, deadline);
    if (userId !== undefined) onSeatClaimed();
    return userId;
  } catch (error) {
    if (violatedConstraint(error) === 'User_phone_key_key') throw new Problem(registrationProblems.phone_taken);
    throw error;
  }
}

function repeatAnswer({ rules }: RegistrationServices, userId: number, storedPhone: string, phone: string): number {
  if (isSamePhone(storedPhone, phone, rules.phoneRegion)) return userId;
  throw new Problem(registrationProblems.session_completed);
}

/** Throws the reason why a session could not be completed; returns if it can be completed by now. */
function refuseCompletion(session: SessionState, e164: string, rules: StepRules): void {
  const { completed_steps, invited_phone } = demandOpenSession(session);
  const missing = stepsBeforeLast.map((step) => step.name).filter((name) => !completed_steps.includes(name));
  if (missing.length > 0) throw stepsIncomplete(missing, rules);
  if (invited_phone !== null && invited_phone !== e164) throw new Problem(invitationProblems.invitation_phone_mismatch);
}
