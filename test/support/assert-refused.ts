import assert from 'node:assert/strict';
import type { Answer } from './sign-up-client.ts';

/** Asserts that an answer is the problem document of this refusal, whole: media type, `type`, `title`, `status`, `detail`, `code`. */
export function assertRefused({ status, headers, body }: Answer, wantedStatus: number, wantedCode: string): void {
  assert.deepEqual({ status, code: body.code }, { status: wantedStatus, code: wantedCode });
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(body.status, wantedStatus);
  assert.equal(body.type, `/problems/${wantedCode}`);
  for (const member of ['title', 'detail']) assert.match(String(body[member]), /^\S.{4,}/, `${member} says nothing`);
  // An unfilled placeholder.
  assert.doesNotMatch(`${body.title} ${body.detail}`, /\{\w+\}/);
}

/** Asserts a 422 that names exactly these fields with these codes, in this order: `['password password_too_long']`. */
export function assertInvalid(answer: Answer, ...fields: readonly string[]): void {
  assertRefused(answer, 422, 'validation_failed');
  const errors = answer.body.errors ?? [];
  assert.deepEqual(
    errors.map(({ field, code }) => `${field} ${code}`),
    fields,
  );
  for (const { message } of errors) assert.match(message, /^\S.{4,}/, 'a field without a sentence');
}
