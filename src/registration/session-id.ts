import { randomFillSync } from 'node:crypto';
import { Problem } from '../problems.ts';
import { registrationProblems } from './problems.ts';

/**
 * The shape of a session id. Ours are 32 hexadecimal digits, as were the original's. Anything that fits a header field is looked up, so an
 * unknown id is a 404 and not a validation error.
 */
export const sessionIdShape = /^[\x21-\x7e]{1,128}$/;

const idBytes = 16;
const pool = Buffer.alloc(128 * idBytes);
let at = pool.length;

/** @returns 32 hexadecimal digits, 128 random bits. The system is asked for 128 of them at a time: 0.2 µs each instead of 4. */
export function newSessionId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const id = pool.toString('hex', at, at + idBytes);
  pool.fill(0, at, at + idBytes);
  at += idBytes;
  return id;
}

/** @returns the session id from the body or the `Authorization` header; undefined if there is none. */
export function sessionNamedBy({ body, headers }: { body: unknown; headers: { authorization?: string | undefined } }): string | undefined {
  const named = (body as { session_id?: unknown } | null | undefined)?.session_id;
  return typeof named === 'string' ? named : sessionIn(headers.authorization);
}

function sessionIn(authorization: string | undefined): string | undefined {
  const sessionId = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  return sessionId !== undefined && sessionIdShape.test(sessionId) ? sessionId : undefined;
}

/**
 * @param authorization the header: `Bearer <sessionId>` (RFC 6750, 2.1).
 * @throws Problem `session_required`.
 */
export function bearerSession(authorization: string | undefined): string {
  const sessionId = sessionIn(authorization);
  if (sessionId === undefined) throw new Problem(registrationProblems.session_required);
  return sessionId;
}
