import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { samplePerson } from '../support/sign-up-client.ts';
import { invite } from '../support/sign-up-scenes.ts';
import { everything, storedInvitation, storedUser, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

const planted = 'planted-by-the-client';
const stranger = 9_007_199;

/** What an attacker might try to store (CVE-2023-3460, CVE-2025-61928): names of columns, roles, response members. */
const texts = ['role', 'password_hash', 'phone_key', 'campaign', 'note', 'created_by', 'code', 'sessionId', 'attempt', 'planted'];
const numbers = ['id', 'userId', 'user_id', 'invitation_id', 'invitationId', 'max_uses', 'use_count', 'used_by'];
const flags = ['isAdmin', 'used', 'is_used'];
const moments = ['created_at', 'expires_at', 'revoked_at', 'starts_at', 'expiresAt', 'completed_at'];
const unknown = {
  ...Object.fromEntries(texts.map((name) => [name, planted])),
  ...Object.fromEntries(numbers.map((name) => [name, stranger])),
  ...Object.fromEntries(flags.map((name) => [name, true])),
  ...Object.fromEntries(moments.map((name) => [name, '2001-06-15T12:00:00Z'])),
};

test('unknown fields are ignored and never stored', async () => {
  const code = await invite(application);
  const bystanders = await everything(application);
  const { name, password, birthday, phone } = samplePerson();

  const verified = await application.send('POST', '/auth/invitation/verify', { invitation_code: code, ...unknown });
  assert.equal(verified.status, 200);
  const session_id = verified.body.sessionId;
  const put = async (step: string, own: object) => application.send('PUT', `/auth/register/${step}`, { session_id, ...own, ...unknown });
  assert.equal((await put('name', { name, password })).status, 200);
  assert.equal((await put('birthday', { birthday })).status, 200);
  const completed = await put('phone', { phone });
  assert.equal(completed.status, 200);

  const { userId } = completed.body;
  const invitation = await storedInvitation(application, code);
  const { password: hash, created_at, ...user } = await storedUser(application, userId);
  assert.deepEqual(user, { id: userId, name, birthday, phone, invitationId: invitation.id, phone_key: null });
  assert.match(String(hash), /^\$2b\$/);

  // What the claim changes, and nothing else.
  const claimed = { is_used: true, used_by: userId, use_count: 1 };
  assert.deepEqual(invitation, { ...bystanders.Invitation?.find((row) => row.code === code), ...claimed });
  assert.deepEqual(await tablesHolding(application, planted), []);
  assert.deepEqual(await tablesHolding(application, String(stranger)), []);
  assert.deepEqual(await tablesHolding(application, '2001-06-15'), []);
});

test('the other columns of a step cannot be filled by another step', async () => {
  const verified = await application.verify(await invite(application));
  const session_id = String(verified.body.sessionId);
  const { name, password, birthday, phone } = samplePerson();
  const born = await application.send('PUT', '/auth/register/birthday', { session_id, birthday, name, password, phone });
  assert.deepEqual(born.body.remainingSteps, ['name', 'phone']);
  for (const value of [name, password, phone]) assert.deepEqual(await tablesHolding(application, value), []);
});

test("names that reach an object's prototype are refused and have no effect", async () => {
  const before = await everything(application);
  for (const name of ['__proto__', 'constructor', 'prototype']) {
    const answer = await application.send('POST', '/auth/invitation/verify', `{"invitation_code":"x","${name}":{"polluted":true}}`);
    assertRefused(answer, 400, 'malformed_json');
  }
  assert.equal('polluted' in {}, false);
  assert.deepEqual(await everything(application), before);
});
