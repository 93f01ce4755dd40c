import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { until } from '../../src/database/database.ts';
import { seedTestCodes } from '../../src/invitations/seed-test-codes.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { newDeadline } from '../support/new-deadline.ts';
import { originalSql } from '../support/original-database.ts';
import { invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, storedInvitation, storedUser } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;

const { addFiveCodes, addOneCode, addOrResetOneCode, resetOneCode } = originalSql;
const codes = ['TEST001', 'TEST002', 'TEST003', 'TEST004', 'TEST005'];

beforeEach(() => query('DELETE FROM "Invitation"'));

async function assertUsable(code: string): Promise<void> {
  const { answer, userId } = await application.signUp(code);
  assert.equal(answer.status, 200, code);
  assert.equal((await storedInvitation(application, code)).used_by, userId);
  assertRefused(await application.verify(code), 410, 'invitation_used');
}

async function usage(code: string) {
  const { is_used, used_by } = await storedInvitation(application, code);
  return { is_used, used_by };
}

test('the five codes of the test script can be added and used', async () => {
  await query(addFiveCodes);
  const rows = await query('SELECT code, is_used, used_by, max_uses, use_count FROM "Invitation" ORDER BY code');
  assert.deepEqual(
    rows,
    codes.map((code) => ({ code, is_used: false, used_by: null, max_uses: 1, use_count: 0 })),
  );
  for (const code of codes) await assertUsable(code);
});

test('the five codes added again all work again, as often as it is done', async () => {
  for (let round = 0; round < 3; round += 1) {
    await query(addFiveCodes);
    for (const code of codes) await assertUsable(code);
  }
  assert.equal(await countUsersOf(application, 'TEST001'), 3);
});

test("a single code can be added with the original's SQL", async () => {
  await query(addOneCode);
  await assertUsable('TEST001');
  await assert.rejects(query(addOneCode), /Invitation_code_key/);
});

for (const [name, reset] of Object.entries({ update: resetOneCode, 'insert … on conflict': addOrResetOneCode })) {
  test(`a code that was reset by ${name} works again, time after time, one user each`, async () => {
    await query(addOneCode);
    for (let users = 1; users <= 4; users += 1) {
      await assertUsable('TEST001');
      await query(reset);
      assert.deepEqual(await usage('TEST001'), { is_used: false, used_by: null });
      assert.equal(await countUsersOf(application, 'TEST001'), users);
    }
  });

  test(`a code with several seats that was used up and then reset by ${name} has all its seats again`, async () => {
    await query(addOneCode);
    await query(`UPDATE "Invitation" SET max_uses = 3 WHERE code = 'TEST001'`);
    for (let round = 1; round <= 3; round += 1) {
      for (let seat = 0; seat < 3; seat += 1) assert.equal((await application.signUp('TEST001')).answer.status, 200);
      assertRefused(await application.verify('TEST001'), 410, 'invitation_used');
      assert.equal(await countUsersOf(application, 'TEST001'), 3 * round);
      await query(reset);
    }
  });
}

test('after a reset exactly as many may begin at once as there are seats', async () => {
  await query(addOneCode);
  await query(`UPDATE "Invitation" SET max_uses = 2, use_count = 2, is_used = true WHERE code = 'TEST001'`);
  await query(resetOneCode);
  const [first, second] = [await signUpToLastStep(application, 'TEST001'), await signUpToLastStep(application, 'TEST001')];
  assertRefused(await application.verify('TEST001'), 409, 'invitation_full');
  for (const { sessionId, person } of [first, second]) assert.equal((await application.phone(sessionId, person.phone)).status, 200);
  assertRefused(await application.verify('TEST001'), 410, 'invitation_used');
});

test('resetting a code with seats left gives none back', async () => {
  await query(addOneCode);
  await query(`UPDATE "Invitation" SET max_uses = 3 WHERE code = 'TEST001'`);
  for (let seat = 0; seat < 2; seat += 1) assert.equal((await application.signUp('TEST001')).answer.status, 200);
  await query(resetOneCode);
  assert.equal((await application.signUp('TEST001')).answer.status, 200);
  assertRefused(await application.verify('TEST001'), 410, 'invitation_used');
});

test('a code that the original’s program used, without counting, works again after a reset', async () => {
  await query(`INSERT INTO "Invitation" (code, is_used, used_by) VALUES ('TEST001', true, 7)`);
  assertRefused(await application.verify('TEST001'), 410, 'invitation_used');
  await query(resetOneCode);
  await assertUsable('TEST001');
});

test('a reset does not revive a revoked or expired code', async () => {
  for (const [columns, reason] of [
    [{ revoked_at: 'now()' }, 'invitation_revoked'],
    [{ expires_at: 'now()' }, 'invitation_expired'],
  ] as const) {
    const code = await invite(application, { ...columns, is_used: 'true' });
    await query('UPDATE "Invitation" SET is_used = false, used_by = NULL WHERE code = $1', [code]);
    assertRefused(await application.verify(code), 410, reason);
  }
});

test('the original program may add users and sessions at the same time', async () => {
  await query(addOneCode);
  const [invitation] = await query<{ id: number }>(`SELECT id FROM "Invitation" WHERE code = 'TEST001'`);
  const user = `INSERT INTO "User" (name, password, birthday, phone, "invitationId") VALUES ('a', 'b', 'c', 'd', $1) RETURNING id`;
  const [before] = await query<{ id: number }>(user, [invitation?.id]);
  await query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", name, password, birthday) VALUES ('from-the-original', $1, $2, $3, $4)`,
    [invitation?.id, '홍길동', '$2b$12$abcdefghijklmnopqrstuv', '1990-01-01'],
  );
  const { body } = await application.phone('from-the-original', '010-1234-5678');
  assert.equal(body.ok, true);
  assert.ok(Number(body.userId) > Number(before?.id));
  const { name, password, phone } = await storedUser(application, body.userId);
  assert.deepEqual({ name, password, phone }, { name: '홍길동', password: '$2b$12$abcdefghijklmnopqrstuv', phone: '010-1234-5678' });
});

test("seeding has the effect of the original's five rows", async () => {
  for (let round = 0; round < 2; round += 1) {
    await seedTestCodes(until(newDeadline(), application.services.database));
    for (const code of codes) await assertUsable(code);
  }
});
