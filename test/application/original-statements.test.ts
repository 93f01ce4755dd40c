import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { passlibHash } from '../support/original-rows.ts';
import { samplePerson } from '../support/sign-up-client.ts';
import { openUpgradedApplication } from '../support/upgraded-application.ts';

const application = await openUpgradedApplication();
const { ask } = application;
after(() => application[Symbol.asyncDispose]());

const columns = (table: string, names: readonly string[]) => names.map((name) => `"public"."${table}"."${name}"`).join(', ');
const invitationColumns = columns('Invitation', ['id', 'code', 'is_used', 'used_by']);
const sessionColumns = columns('RegisterSession', ['sessionId', 'invitationId', 'name', 'password', 'birthday', 'phone']);
const userColumns = columns('User', ['id', 'name', 'password', 'birthday', 'phone', 'invitationId']);

/** The statements of the original, as the query engine of Prisma 5.17 (Prisma Client Python 0.15) sends them. */
const original = {
  findInvitation: `SELECT ${invitationColumns} FROM "public"."Invitation" WHERE ("public"."Invitation"."code" = $1 AND 1=1) LIMIT $2 OFFSET $3`,
  createSession: `INSERT INTO "public"."RegisterSession" ("sessionId","invitationId") VALUES ($1,$2) RETURNING ${sessionColumns}`,
  findSession: `SELECT ${sessionColumns} FROM "public"."RegisterSession" WHERE ("public"."RegisterSession"."sessionId" = $1 AND 1=1) LIMIT $2 OFFSET $3`,
  saveName: `UPDATE "public"."RegisterSession" SET "name" = $1, "password" = $2 WHERE ("public"."RegisterSession"."sessionId" = $3 AND 1=1) RETURNING ${sessionColumns}`,
  saveBirthday: `UPDATE "public"."RegisterSession" SET "birthday" = $1 WHERE ("public"."RegisterSession"."sessionId" IN ($2) AND 1=1)`,
  savePhone: `UPDATE "public"."RegisterSession" SET "phone" = $1 WHERE ("public"."RegisterSession"."sessionId" IN ($2) AND 1=1)`,
  createUser: `INSERT INTO "public"."User" ("name","password","birthday","phone","invitationId") VALUES ($1,$2,$3,$4,$5) RETURNING ${userColumns}`,
  useInvitation: `UPDATE "public"."Invitation" SET "is_used" = $1, "used_by" = $2 WHERE ("public"."Invitation"."id" = $3 AND 1=1) RETURNING ${invitationColumns}`,
  createInvitation: `INSERT INTO "public"."Invitation" ("code","is_used") VALUES ($1,$2) RETURNING ${invitationColumns}`,
  deleteSession: `DELETE FROM "public"."RegisterSession" WHERE ("public"."RegisterSession"."sessionId" = $1 AND 1=1) RETURNING ${sessionColumns}`,
} as const;

type Invitation = { id: number; code: string; is_used: boolean; used_by: number | null };

async function newInvitation(code: string): Promise<Invitation> {
  const [created] = await ask<Invitation>(original.createInvitation, [code, false]);
  assert.deepEqual(created, { id: created?.id, code, is_used: false, used_by: null });
  return created as Invitation;
}

test('the original still completes a sign-up on the upgraded tables', async () => {
  const created = await newInvitation('back and forth');
  assert.deepEqual(await ask(original.findInvitation, ['back and forth', 1, 0]), [created]);
  const sessionId = '0123456789abcdef0123456789abcdef';
  const empty = { sessionId, invitationId: created.id, name: null, password: null, birthday: null, phone: null };
  assert.deepEqual(await ask(original.createSession, [sessionId, created.id]), [empty]);
  const named = { ...empty, name: '홍길동', password: passlibHash.hash };
  assert.deepEqual(await ask(original.saveName, ['홍길동', passlibHash.hash, sessionId]), [named]);
  await ask(original.saveBirthday, ['1990-01-01', sessionId]);
  await ask(original.savePhone, ['010-1234-5678', sessionId]);
  const filled = { ...named, birthday: '1990-01-01', phone: '010-1234-5678' };
  assert.deepEqual(await ask(original.findSession, [sessionId, 1, 0]), [filled]);
  const { sessionId: _, ...values } = filled;
  const [user] = await ask<{ id: number }>(original.createUser, ['홍길동', passlibHash.hash, '1990-01-01', '010-1234-5678', created.id]);
  assert.deepEqual(user, { id: user?.id, ...values });
  const used = await ask(original.useInvitation, [true, user?.id, created.id]);
  assert.deepEqual(used, [{ ...created, is_used: true, used_by: user?.id }]);

  assertRefused(await application.verify('back and forth'), 410, 'invitation_used');
  assert.deepEqual(await ask(original.deleteSession, [sessionId]), [filled]);
});

test('a sign-up that the original began after the upgrade is completed here', async () => {
  const { id } = await newInvitation('begun there');
  const sessionId = '0123456789abcdef0123456789abcde0';
  await ask(original.createSession, [sessionId, id]);
  await ask(original.saveName, ['홍길동', passlibHash.hash, sessionId]);
  assert.equal((await application.birthday(sessionId, '1990-01-01')).status, 200);
  const { status, body } = await application.phone(sessionId, '010-1234-5678');
  assert.equal(status, 200);
  assert.deepEqual(await ask(original.findInvitation, ['begun there', 1, 0]), [
    { id, code: 'begun there', is_used: true, used_by: body.userId },
  ]);
  assert.deepEqual(await ask(original.findSession, [sessionId, 1, 0]), []);
});

test('a sign-up that began here is completed by the original, and its user has the next id', async () => {
  const { id } = await newInvitation('begun here');
  const person = samplePerson();
  const sessionId = String((await application.verify('begun here')).body.sessionId);
  assert.equal((await application.name(sessionId, person.name, person.password)).status, 200);
  assert.equal((await application.birthday(sessionId, person.birthday)).status, 200);
  const [session] = await ask<Record<string, unknown>>(original.findSession, [sessionId, 1, 0]);
  assert.deepEqual([session?.name, session?.birthday, session?.phone], [person.name, person.birthday, null]);
  assert.match(String(session?.password), /^\$2b\$/);
  const [before] = await ask<{ id: number }>('SELECT max(id) AS id FROM "User"');
  const [user] = await ask<{ id: number }>(original.createUser, [person.name, session?.password, person.birthday, person.phone, id]);
  assert.equal(user?.id, Number(before?.id) + 1);
  await ask(original.useInvitation, [true, user?.id, id]);
  assertRefused(await application.phone(sessionId, person.phone), 410, 'invitation_used');
});
