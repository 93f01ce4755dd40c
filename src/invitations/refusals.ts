import { Problem } from '../problems.ts';
import { shownMoment } from '../rules/format-timestamp.ts';
import type { InvitationState } from './availability.ts';
import { isMistypedCode, isNoCodeOfOurs } from './code-shape.ts';
import { invitationProblems } from './problems.ts';

/** SQL by others may have stored `infinity`. */
const never = '9999-12-31T23:59:59.999Z';

/**
 * @returns the problem for an invitation that is not usable.
 * @param startsAt for `not_started`.
 */
export function refusalFor(state: Exclude<InvitationState, 'usable'>, startsAt: Date | null = null): Problem {
  if (state !== 'not_started') return new Problem(invitationProblems[`invitation_${state}`]);
  const moment = shownMoment(startsAt) ?? never;
  return new Problem(invitationProblems.invitation_not_started, { values: { startsAt: moment }, members: { startsAt: moment } });
}

/**
 * @returns the problem if every seat is held.
 * @param freeAt when the first of them may become free.
 */
export function everySeatHeld(freeAt: Date | null): Problem {
  const moment = (freeAt ?? new Date()).toISOString();
  return new Problem(invitationProblems.invitation_full, { values: { freeAt: moment }, members: { freeAt: moment } });
}

/**
 * @returns the problem for an unknown code.
 * @param typed as typed.
 */
export function unknownCode(typed: string): Problem {
  return new Problem(isMistypedCode(typed) ? invitationProblems.invitation_mistyped : invitationProblems.invitation_not_found);
}

/**
 * Whether an error means a wrong guess at a code, which is charged. A code that is certainly mistyped is not a guess, because no code of ours
 * looks like that; one without groups could be a custom code.
 * @param refusal what `verifyInvitation` threw.
 * @param typed as typed.
 */
export function isMissedGuess(refusal: unknown, typed: string): boolean {
  if (!(refusal instanceof Problem)) return false;
  const { invitation_not_found, invitation_mistyped } = invitationProblems;
  return refusal.kind === invitation_not_found || (refusal.kind === invitation_mistyped && !isNoCodeOfOurs(typed));
}
