import { type FieldError, type Problem, validationFailed } from '../errors.ts';
import { refusalFor } from '../invitations/refusals.ts';
import { birthdayRules } from './birthday.ts';
import type { RegistrationServices } from './dependencies.ts';
import { demandOpenSession } from './refusals.ts';
import type { Step } from './steps.ts';
import { deleteSession, readSession, type SessionProgress, saveStep } from './store.ts';

/**
 * Stores one step that is not the last and renews the session. May be repeated; the last values count.
 * Cheap refusals come first: the body, then the session, and only then a hash is paid for, outside any transaction.
 * @param signal ends the wait for a hash when the client goes away.
 * @throws Problem `validation_failed`, `session_not_found`, `invitation_used`, `invitation_revoked`, `overloaded`.
 */
export async function saveRegistrationStep(
  services: RegistrationServices,
  step: Step,
  sessionId: string,
  body: unknown,
  signal?: AbortSignal,
): Promise<SessionProgress> {
  const { database, passwords, rules } = services;
  const askedAt = performance.now();
  const accepted = step.accept(body as never, rules);
  if (!accepted.ok) throw await refuseValues(services, sessionId, accepted.errors);
  const values = [...accepted.value];
  if (step.passwordAt !== undefined) {
    demandOpenSession(await readSession(database, sessionId));
    values[step.passwordAt] = await passwords.hash(values[step.passwordAt] ?? '', signal);
  }
  const saved = await saveStep(database, step, sessionId, rules.sessionSeconds, values, askedAt);
  if (saved) return saved;
  demandOpenSession(await readSession(database, sessionId));
  // Refused a moment ago and open now: the code was reset in between.
  throw refusalFor('used');
}

/** Somebody below the minimum age may leave no data behind: their sign-up is deleted before they read the refusal. */
async function refuseValues({ database }: RegistrationServices, sessionId: string, errors: readonly FieldError[]): Promise<Problem> {
  if (errors.some((error) => error.rule === birthdayRules.birthday_below_minimum_age)) await deleteSession(database, sessionId);
  return validationFailed(errors);
}
