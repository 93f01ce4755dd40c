import type { Person } from './person.ts';

/** One request of the wire contract, ready to be sent to any server. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The session that this request belongs to. */
  readonly sessionId?: string;
  /** A page for people may send the browser on, within the server. */
  readonly followRedirects?: boolean;
}

export const paths = {
  verify: '/auth/invitation/verify',
  name: '/auth/register/name',
  birthday: '/auth/register/birthday',
  phone: '/auth/register/phone',
  session: '/auth/register/session',
} as const;

const jsonType = { 'content-type': 'application/json' };

/** Shows an invitation code; this opens a session. */
export function verifyCode(code: unknown): WireRequest {
  return verifyWithBody(JSON.stringify({ invitation_code: code }));
}

/** For bodies that are wrong on purpose. */
export function verifyWithBody(body: string, headers: Readonly<Record<string, string>> = jsonType): WireRequest {
  return { method: 'POST', path: paths.verify, headers, body };
}

export function putName(sessionId: string, person: Person): WireRequest {
  return putStep(paths.name, sessionId, { name: person.name, password: person.password });
}

export function putBirthday(sessionId: string, person: Person): WireRequest {
  return putStep(paths.birthday, sessionId, { birthday: person.birthday });
}

/** The last step: it completes the sign-up. */
export function putPhone(sessionId: string, phone: string): WireRequest {
  return putStep(paths.phone, sessionId, { phone });
}

export function getSession(sessionId: string): WireRequest {
  return { method: 'GET', path: paths.session, headers: bearer(sessionId), sessionId };
}

/** Abandons a session. */
export function deleteSession(sessionId: string): WireRequest {
  return { method: 'DELETE', path: paths.session, headers: bearer(sessionId), sessionId };
}

/** A page for people. */
export function getPage(path: string): WireRequest {
  return { method: 'GET', path, headers: { accept: 'text/html' }, followRedirects: true };
}

export function getDocument(path: string): WireRequest {
  return { method: 'GET', path };
}

function putStep(path: string, sessionId: string, fields: Readonly<Record<string, string>>): WireRequest {
  return { method: 'PUT', path, headers: jsonType, body: JSON.stringify({ session_id: sessionId, ...fields }), sessionId };
}

function bearer(sessionId: string): Record<string, string> {
  return { authorization: `Bearer ${sessionId}` };
}
