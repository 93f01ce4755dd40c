import type { Deadline } from '../deadline.ts';
import type { RegistrationServices } from './dependencies.ts';
import { demandOpenSession, openSessionProblems, renewalRefused } from './problems.ts';
import { readSession, renewSession, type SessionProgress } from './store.ts';
import { holdSeconds } from './verify-invitation.ts';

/** What `renewRegistration` throws. */
export const renewalProblems = [...openSessionProblems, renewalRefused(new Date('2026-01-01T09:00:00.000Z'), 'Asia/Seoul')] as const;

/**
 * Gives a person more time without a step (WCAG 2.2.1), up to 24 hours after the start.
 * @throws Problem one of `renewalProblems`.
 */
export async function renewRegistration(
  { database, rules }: RegistrationServices,
  sessionId: string,
  deadline: Deadline,
): Promise<SessionProgress> {
  const life = { lifeSeconds: rules.sessionSeconds, holdSeconds: Math.min(holdSeconds, rules.sessionSeconds) };
  const renewed = await renewSession(database, sessionId, life, deadline);
  if (renewed) return renewed;
  const { expires_at } = demandOpenSession(await readSession(database, sessionId, deadline));
  throw renewalRefused(expires_at, rules.timeZone);
}
