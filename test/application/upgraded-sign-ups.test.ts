import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { originalSql } from '../support/original-database.ts';
import { halfDone, passlibHash, usedCode } from '../support/original-rows.ts';
import { samplePerson, samplePhone } from '../support/sign-up-client.ts';
import { openUpgradedApplication } from '../support/upgraded-application.ts';
import { verifyPassword } from '../support/verify-password.ts';

const application = await openUpgradedApplication();
const { ask } = application;
after(() => application[Symbol.asyncDispose]());

async function newestUserId(): Promise<number> {
  const [row] = await ask<{ id: number }>('SELECT max(id) AS id FROM "User"');
  assert.ok(row);
  return row.id;
}

async function userOf(sessionId: string, phone: string): Promise<Record<string, unknown>> {
  const { status, body } = await application.phone(sessionId, phone);
  assert.deepEqual([status, body.ok], [200, true]);
  const [user] = await ask('SELECT name, password, birthday, phone, "invitationId" FROM "User" WHERE id = $1', [body.userId]);
  assert.ok(user);
  const [invitation] = await ask('SELECT is_used, used_by, use_count FROM "Invitation" WHERE id = $1', [user.invitationId]);
  assert.deepEqual(invitation, { is_used: true, used_by: body.userId, use_count: 1 });
  return user;
}

test('a code that the original had not used lets one person in, and the ids of users go on', async () => {
  const before = await newestUserId();
  const { answer, person } = await application.signUp('TEST001');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.userId, before + 1);
  assertRefused(await application.verify('TEST001'), 410, 'invitation_used');
  const [user] = await ask('SELECT name, birthday, phone, created_at IS NOT NULL AS dated FROM "User" WHERE id = $1', [before + 1]);
  assert.deepEqual(user, { name: person.name, birthday: person.birthday, phone: person.phone, dated: true });
});

test('unusual codes are found as typed, except one in which nothing is visible', async () => {
  for (const code of [`O'Brien said "no"`, 'TEST001 ', '초대-코드-하나', '초대'.normalize('NFD'), '🎟️ 𠮷野家']) {
    assert.equal((await application.verify(code)).status, 200, JSON.stringify(code));
  }
  assertRefused(await application.verify(' '), 422, 'validation_failed');
});

test('codes used by the original are refused, whatever their user', async () => {
  for (const code of [usedCode, 'used by nobody', 'used by somebody deleted']) {
    assertRefused(await application.verify(code), 410, 'invitation_used');
  }
  assert.equal((await application.verify('not used, yet by somebody')).status, 200);
});

test('the statements of the original make a used code work again', async () => {
  for (const reset of [originalSql.resetOneCode, originalSql.addOrResetOneCode, originalSql.addFiveCodes]) {
    await application.signUp('TEST001');
    assertRefused(await application.verify('TEST001'), 410, 'invitation_used');
    await ask(reset);
    assert.deepEqual(await ask(`SELECT is_used, used_by FROM "Invitation" WHERE code = 'TEST001'`), [{ is_used: false, used_by: null }]);
    const { answer } = await application.signUp('TEST001');
    assert.equal(answer.status, 200);
    assert.deepEqual(await ask(`SELECT is_used, used_by, use_count FROM "Invitation" WHERE code = 'TEST001'`), [
      { is_used: true, used_by: answer.body.userId, use_count: 1 },
    ]);
  }
});

test('a code that the original itself used, reset by its statement, works again', async () => {
  await ask(`UPDATE "Invitation" SET is_used = false, used_by = NULL WHERE code = $1`, ['used by nobody']);
  assert.equal((await application.signUp('used by nobody')).answer.status, 200);
});

test('unfinished sign-ups of the original can be completed from each step', async () => {
  const person = samplePerson();
  const phone = samplePhone();
  const named = { name: person.name, birthday: person.birthday, phone };
  for (const session of [halfDone.verified, halfDone.phoneFirst]) {
    assertRefused(await application.phone(session, phone), 409, 'steps_incomplete');
    assert.equal((await application.name(session, person.name, person.password)).status, 200);
    assert.equal((await application.birthday(session, person.birthday)).status, 200);
    const { password, invitationId, ...user } = await userOf(session, phone);
    assert.deepEqual(user, named);
    assert.equal(await verifyPassword(person.password, String(password)), true);
    assert.equal(typeof invitationId, 'number');
  }

  assert.equal((await application.birthday(halfDone.named, '1990-05-06')).status, 200);
  const { password, invitationId, ...user } = await userOf(halfDone.named, phone);
  assert.deepEqual(user, { name: '김하나', birthday: '1990-05-06', phone });
  assert.equal(password, passlibHash.hash);
  assert.equal(await verifyPassword(passlibHash.password, String(password)), true);
  assert.equal(typeof invitationId, 'number');

  assert.deepEqual((await application.phone(halfDone.born, phone)).body.missing, ['name']);
  assert.equal((await application.name(halfDone.born, person.name, person.password)).status, 200);
  assert.equal((await userOf(halfDone.born, phone)).birthday, '1991-02-03');
  assert.equal((await userOf(halfDone.namedAndBorn, phone)).name, '이둘 🙂');
  assert.equal((await userOf(halfDone.withHyphens, phone)).name, '최넷');
  assert.deepEqual((await userOf(halfDone.emptyTexts, phone)).birthday, '');
});

test('an unfinished sign-up on a used or deleted code is refused, and nothing is lost', async () => {
  assertRefused(await application.phone(halfDone.onUsedCode, samplePhone()), 410, 'invitation_used');
  assertRefused(await application.phone(halfDone.onDeletedCode, samplePhone()), 404, 'session_not_found');
  const [left] = await ask<{ sessions: number }>('SELECT count(*) AS sessions FROM "RegisterSession" WHERE "sessionId" IN ($1, $2)', [
    halfDone.onUsedCode,
    halfDone.onDeletedCode,
  ]);
  assert.equal(left?.sessions, 2);
});

test('accounts of the original keep their passwords', async () => {
  const rows = await ask<{ password: string }>(`SELECT password FROM "User" WHERE name = '홍길동' AND birthday = '1990-01-01'`);
  assert.deepEqual(rows, [{ password: passlibHash.hash }]);
  assert.equal(await verifyPassword(passlibHash.password, passlibHash.hash), true);
});
