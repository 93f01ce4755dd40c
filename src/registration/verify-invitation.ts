import type { Deadline } from '../deadline.ts';
import { everySeatHeld, invitationProblems, notStarted, unknownCode, unusableInvitation } from '../invitations/problems.ts';
import type { RegistrationServices } from './dependencies.ts';
import { newSessionId } from './session-id.ts';
import { openSeatSession, openSession } from './store.ts';

export interface OpenedSession {
  /** 32 hexadecimal digits, 128 random bits. */
  readonly sessionId: string;
  readonly expiresAt: Date;
  /** Only the invited phone number completes it. */
  readonly phoneBound: boolean;
}

/** The network already has the maximum of live sign-ups on this invitation. */
export interface TooManySignUps {
  /** Seconds until the oldest of them ends. */
  readonly retryAfterSeconds: number;
}

/** Seconds that a seat is held before the first step is stored; each step then renews it for the normal session lifetime. */
export const holdSeconds = 300;

const exampleMoment = new Date('2026-01-01T09:00:00.000Z');

/** What `verifyInvitation` throws. */
export const verifyProblems = [
  invitationProblems.invitation_not_found,
  invitationProblems.invitation_mistyped,
  invitationProblems.invitation_link_without_code,
  notStarted(exampleMoment, 'Asia/Seoul'),
  everySeatHeld(exampleMoment, 'Asia/Seoul'),
  unusableInvitation('used'),
  unusableInvitation('expired'),
  unusableInvitation('revoked'),
] as const;

/**
 * Opens a sign-up on an invitation. With several seats the session holds one; with a single seat it holds none, so that the same
 * person can simply start again after closing the tab.
 * @param code as typed: an exact match first, else the only invitation whose code differs just in what people confuse.
 * @param network of the client, as the limits use it.
 * @throws Problem one of `verifyProblems`.
 */
export async function verifyInvitation(
  services: RegistrationServices,
  code: string,
  network: string,
  deadline: Deadline,
): Promise<OpenedSession | TooManySignUps> {
  const opened = await openOnce(services, code, network, deadline);
  if ('sessionId' in opened) services.onSessionOpened(opened.sessionId);
  return opened;
}

async function openOnce(
  { database, rules, networkHash, signUpsPerNetwork }: RegistrationServices,
  code: string,
  network: string,
  deadline: Deadline,
): Promise<OpenedSession | TooManySignUps> {
  const sessionId = newSessionId();
  const session = { sessionId, network: networkHash(network), lifeSeconds: rules.sessionSeconds };
  for (let round = 0; round < 3; round += 1) {
    const invitation = await openSession(database, code, session, signUpsPerNetwork, deadline);
    if (!invitation) throw unknownCode(code);
    const { phone_bound: phoneBound } = invitation;
    if (invitation.session_expires_at) return { sessionId, expiresAt: invitation.session_expires_at, phoneBound };
    if (invitation.state === 'not_started') throw notStarted(invitation.starts_at, rules.timeZone);
    if (invitation.state !== 'usable') throw unusableInvitation(invitation.state);
    if (!invitation.several_seats) return { retryAfterSeconds: invitation.seconds_until_oldest_ends ?? 1 };

    const held = { ...session, lifeSeconds: Math.min(holdSeconds, rules.sessionSeconds) };
    const seat = await openSeatSession(database, invitation.id, held, deadline);
    if (seat?.session_expires_at) return { sessionId, expiresAt: seat.session_expires_at, phoneBound };
    if (seat) throw everySeatHeld(seat.seat_free_at, rules.timeZone);
    // It stopped being usable between the two statements: the next round finds out why.
  }
  throw unusableInvitation('used');
}
