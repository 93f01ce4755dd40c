import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { asOperator } from '../support/operator-scenes.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invite } from '../support/sign-up-scenes.ts';
import { storedInvitation, storedUser, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication({ phoneUnique: true });
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const admin = asOperator(application);
const remove = (id: number | undefined) => admin('DELETE', `/admin/users/${id}`);
const e164Of = (phone: string) => `+82${phone.replaceAll('-', '').slice(1)}`;

let people = 0;

/** Signs a person up with values that occur nowhere else. */
async function join(code: string, phone = samplePhone()) {
  people += 1;
  const birthday = `1957-03-${String(people).padStart(2, '0')}`;
  const { userId, person, sessionId } = await application.signUp(code, { name: `지울 사람 ${phone}`, birthday, phone });
  assert.ok(userId !== undefined && sessionId !== undefined, 'the sign-up failed');
  const { password: hash } = await storedUser(application, userId);
  return { userId, person, sessionId, values: [person.name, phone, e164Of(phone), birthday, String(hash), sessionId] };
}

test('all data of a user is deleted from every table, and the seat stays used', async () => {
  const code = await invite(application);
  const { userId, person, sessionId, values } = await join(code);
  for (const value of values) assert.notDeepEqual(await tablesHolding(application, value), [], 'it was stored');
  const before = await storedInvitation(application, code);
  assert.equal(before.used_by, userId);

  const answer = await remove(userId);
  assert.deepEqual([answer.status, answer.body], [200, { deleted: true, id: userId }]);
  for (const value of values) assert.deepEqual(await tablesHolding(application, value), []);
  assert.deepEqual(await storedInvitation(application, code), { ...before, used_by: null });
  assertRefused(await application.verify(code), 410, 'invitation_used');
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');

  assertRefused(await remove(userId), 404, 'user_unknown');
  assertRefused(await admin('GET', `/admin/users/${userId}`), 404, 'user_unknown');
});

test('the audit log says who deleted which id, and nothing about the person', async () => {
  await query('DELETE FROM audit_log');
  const code = await invite(application);
  const { userId } = await join(code);
  const { headers } = await remove(userId);
  await remove(userId);
  const entries = await query('SELECT action, operator, subject, subject_id, before, after, request_id FROM audit_log');
  assert.deepEqual(entries, [
    {
      action: 'user.delete',
      operator: 'local',
      subject: 'user',
      subject_id: String(userId),
      before: { invitation_id: (await storedInvitation(application, code)).id },
      after: {},
      request_id: headers.get('x-request-id'),
    },
  ]);
});

test('other users of the same invitation stay, and so do the used seats', async () => {
  const code = await invite(application, { max_uses: '3' });
  const [first, second] = [await join(code), await join(code)];
  const before = await storedInvitation(application, code);
  await remove(first.userId);
  assert.deepEqual(await storedInvitation(application, code), before, 'the newest user is still the one that it names');
  assert.equal((await storedUser(application, second.userId)).name, second.person.name);
  await remove(second.userId);
  assert.deepEqual(await storedInvitation(application, code), { ...before, used_by: null });
  const third = await join(code);
  assertRefused(await application.verify(code), 410, 'invitation_used');
  assert.equal((await storedUser(application, third.userId)).name, third.person.name);
});

test('a deleted person may sign up again with the same phone number', async () => {
  const { userId, person } = await join(await invite(application));
  await remove(userId);
  const again = await join(await invite(application), person.phone);
  assert.notEqual(again.userId, userId);
});

test('invitations for their phone number lose it, and one that only they could use is revoked', async () => {
  const phone = samplePhone();
  const bound = { phone: `'${e164Of(phone)}'` };
  const [used, several, unused, revoked] = [
    await invite(application, bound),
    await invite(application, { ...bound, max_uses: '5' }),
    await invite(application, bound),
    await invite(application, { ...bound, revoked_at: `'2026-01-01T00:00:00Z'` }),
  ];
  const someoneElses = await invite(application, { phone: `'${e164Of(samplePhone())}'` });
  const bystander = await storedInvitation(application, someoneElses);
  const { userId, values } = await join(used, phone);
  await query('DELETE FROM audit_log');
  await remove(userId);
  for (const value of values) assert.deepEqual(await tablesHolding(application, value), []);

  assertRefused(await application.verify(used), 410, 'invitation_used');
  for (const code of [several, unused, revoked]) assertRefused(await application.verify(code), 410, 'invitation_revoked');
  assert.deepEqual((await storedInvitation(application, revoked)).revoked_at, new Date('2026-01-01T00:00:00Z'));
  assert.deepEqual(await storedInvitation(application, someoneElses), bystander);
  const [entry] = await query<{ after: { revoked_invitations: number[] } }>('SELECT after FROM audit_log');
  const ids = await Promise.all([several, unused].map(async (code) => (await storedInvitation(application, code)).id));
  assert.deepEqual(entry?.after.revoked_invitations.sort(), ids.sort());
});

test('their phone number is removed from stored answers too', async () => {
  const { userId, person, values } = await join(await invite(application));
  const answer = {
    invitations: [
      { id: 1, phone: e164Of(person.phone), note: 'kept' },
      { id: 2, phone: '+821000000000' },
    ],
  };
  await query(`INSERT INTO idempotency_keys (operator_id, key, request_hash, answer) VALUES (1, 'k', 'h', $1::text::jsonb)`, [
    JSON.stringify(answer),
  ]);
  await remove(userId);
  for (const value of values) assert.deepEqual(await tablesHolding(application, value), []);
  const [kept] = await query<{ answer: unknown }>('SELECT answer FROM idempotency_keys');
  assert.deepEqual(kept?.answer, {
    invitations: [
      { id: 1, phone: null, note: 'kept' },
      { id: 2, phone: '+821000000000' },
    ],
  });
});

test('a user with an invalid phone number is deleted too', async () => {
  const [row] = await query<{ id: number }>(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId") VALUES ('junk of old', 'hash', '', 'call me', 987654) RETURNING id`,
  );
  assert.equal((await remove(row?.id)).status, 200);
  assert.deepEqual(await tablesHolding(application, 'junk of old'), []);
});

test('if the audit entry cannot be written, nothing is deleted', async () => {
  await using refusing = await openApplication({ allow: [/"sqlstate":"23514"/] });
  const { userId } = await refusing.signUp(await invite(refusing));
  await refusing.query('ALTER TABLE audit_log ADD CONSTRAINT spoilt CHECK (false) NOT VALID');
  assert.equal((await asOperator(refusing)('DELETE', `/admin/users/${userId}`)).status, 500);
  assert.equal((await asOperator(refusing)('GET', `/admin/users/${userId}`)).status, 500, 'nor is anything shown in full');
  await storedUser(refusing, userId);
  assert.equal((await refusing.query('SELECT FROM registration_receipts')).length, 1);
});
