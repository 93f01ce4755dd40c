import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Application } from './application.ts';
import { type Person, samplePerson } from './sign-up-client.ts';

/**
 * Makes an invitation behind the scenes: valid, with one seat, unless said otherwise.
 * @param columns SQL expressions, such as `{ max_uses: '3', expires_at: "now() + interval '1 hour'" }`.
 * @returns its code.
 */
export async function invite({ query }: Application, columns: Readonly<Record<string, string>> = {}): Promise<string> {
  const code = `invitation-${randomBytes(6).toString('hex')}`;
  const names = ['code', ...Object.keys(columns)];
  const values = ['$1', ...Object.values(columns)];
  await query(`INSERT INTO "Invitation" (${names.join(', ')}) VALUES (${values.join(', ')})`, [code]);
  return code;
}

/**
 * Opens a sign-up.
 * @returns the session's id.
 */
export async function beginSignUp(application: Application, code: string): Promise<string> {
  const { status, body } = await application.verify(code);
  assert.equal(status, 200);
  assert.ok(body.sessionId);
  return body.sessionId;
}

/** Does every step of a sign-up but the last. */
export async function signUpToLastStep(
  application: Application,
  code: string,
  overrides: Partial<Person> = {},
): Promise<{ sessionId: string; person: Person }> {
  const person = samplePerson(overrides);
  const sessionId = await beginSignUp(application, code);
  assert.equal((await application.name(sessionId, person.name, person.password)).status, 200);
  assert.equal((await application.birthday(sessionId, person.birthday)).status, 200);
  return { sessionId, person };
}

/** Makes a session expire at this moment, as the database's clock has it. */
export async function expireSession({ query }: Application, sessionId: string): Promise<void> {
  await query('UPDATE "RegisterSession" SET expires_at = now() WHERE "sessionId" = $1', [sessionId]);
}

/** The field by which a session is named outside of a body. */
export function bearer(sessionId: string): { authorization: string } {
  return { authorization: `Bearer ${sessionId}` };
}
