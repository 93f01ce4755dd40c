import { Problem } from '../errors.ts';
import { registrationProblems } from './errors.ts';

/**
 * What a session id may look like. Ours are 32 hexadecimal digits, the original's too; anything that fits a header field is looked up, so that
 * an unknown id is a 404 and not a lesson about its form.
 */
export const sessionIdShape = /^[\x21-\x7e]{1,128}$/;

/** @returns the session that a request is about, as it says in its body or its field `Authorization`; undefined: none. */
export function sessionNamedBy({ body, headers }: { body: unknown; headers: { authorization?: string | undefined } }): string | undefined {
  const named = (body as { session_id?: unknown } | null | undefined)?.session_id;
  return typeof named === 'string' ? named : sessionIn(headers.authorization);
}

function sessionIn(authorization: string | undefined): string | undefined {
  const sessionId = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return sessionId !== undefined && sessionIdShape.test(sessionId) ? sessionId : undefined;
}

/**
 * @param authorization the field of that name: `Bearer <sessionId>` (RFC 6750, 2.1).
 * @throws Problem `session_required`.
 */
export function bearerSession(authorization: string | undefined): string {
  const sessionId = sessionIn(authorization);
  if (sessionId === undefined) throw new Problem(registrationProblems.session_required);
  return sessionId;
}
