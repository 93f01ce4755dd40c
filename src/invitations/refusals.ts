import { Problem } from '../errors.ts';
import type { InvitationState } from './availability.ts';
import { invitationProblems } from './errors.ts';

/** @returns the refusal for an invitation that is not usable. @param startsAt for `not_started`. */
export function refusalFor(state: Exclude<InvitationState, 'usable'>, startsAt: Date | null = null): Problem {
  if (state !== 'not_started') return new Problem(invitationProblems[`invitation_${state}`]);
  const moment = startsAt?.toISOString() ?? '';
  return new Problem(invitationProblems.invitation_not_started, { values: { startsAt: moment }, members: { startsAt: moment } });
}

/** @returns the refusal where every seat is held. @param freeAt when the first of them may be let go. */
export function everySeatHeld(freeAt: Date | null): Problem {
  const moment = (freeAt ?? new Date()).toISOString();
  return new Problem(invitationProblems.invitation_full, { values: { freeAt: moment }, members: { freeAt: moment } });
}
