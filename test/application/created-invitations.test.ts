import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { insist } from '../support/insist.ts';
import { madeIn, makeInvitation } from '../support/invitation-scenes.ts';
import { asOperator } from '../support/operator-scenes.ts';
import { signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countWaiting } from '../support/starting-line.ts';
import { storedInvitation } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const local = asOperator(application);
const onServer = application.services.database.kind === 'postgresql' ? false : 'the embedded database has one connection';

test('an invitation for a phone number lets only that number complete, in any notation', async () => {
  for (const phone of ['010-2938-4756', '+82 10 2938 4756', '(010) 2938.4756']) {
    const invitation = await makeInvitation(local, { phone, note: 'bound' });
    assert.equal(invitation.phone, '+821029384756');
    const { sessionId } = await signUpToLastStep(application, invitation.code.toLowerCase());
    assertRefused(await application.phone(sessionId, '010-2938-4757'), 403, 'invitation_phone_mismatch');
    assert.equal((await application.phone(sessionId, '01029384756')).status, 200);
  }
});

test('an invitation that starts later is refused until then', async () => {
  const { code, status } = await makeInvitation(local, { starts_at: '2090-01-01T00:00:00Z', valid_for: '1d' });
  assert.equal(status, 'not_started');
  const answer = await application.verify(code);
  assertRefused(answer, 403, 'invitation_not_started');
  assert.equal(answer.body.startsAt, '2090-01-01T00:00:00.000Z');
  assert.match(String(answer.body.detail), /2090년 1월 1일\(일\) 오전 9시에 열립니다/);
  await query('UPDATE "Invitation" SET starts_at = now() WHERE code = $1', [code]);
  assert.equal((await application.signUp(code)).answer.status, 200);
});

test('a sign-up that began in time completes after its invitation expired; new ones are refused', async () => {
  const { code } = await makeInvitation(local, { valid_for: '1m', max_uses: 2 });
  const { sessionId, person } = await signUpToLastStep(application, code);
  await query('UPDATE "Invitation" SET expires_at = now() WHERE code = $1', [code]);
  assertRefused(await application.verify(code), 410, 'invitation_expired');
  assert.equal((await application.phone(sessionId, person.phone)).status, 200);
});

test('revoking stops a sign-up in progress at its next request', async () => {
  const [own, ofCampaign] = [await makeInvitation(local), await makeInvitation(local, { campaign: 'stopped' })];
  const sessions = [await signUpToLastStep(application, own.code), await signUpToLastStep(application, ofCampaign.code)];
  await query('UPDATE "Invitation" SET revoked_at = now() WHERE id = $1', [own.id]);
  await query(`UPDATE campaigns SET revoked_at = now() WHERE name = 'stopped'`);
  for (const { sessionId, person } of sessions) assertRefused(await application.phone(sessionId, person.phone), 410, 'invitation_revoked');
  for (const { code } of [own, ofCampaign]) assertRefused(await application.verify(code), 410, 'invitation_revoked');
});

test('exactly as many sign up as there are seats', async () => {
  const { code } = await makeInvitation(local, { max_uses: 2, prefix: '세미나' });
  for (const spelling of [code, code.replaceAll('-', ' ')]) assert.equal((await application.signUp(spelling)).answer.status, 200);
  assertRefused(await application.verify(code), 410, 'invitation_used');
});

test('a generated code that already exists is replaced', async () => {
  await query(`CREATE SEQUENCE tried`);
  await query(`CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF nextval('tried') <= 7 THEN NEW.code := 'TAKEN'; END IF; RETURN NEW; END $$`);
  await query(`CREATE TRIGGER collide BEFORE INSERT ON "Invitation" FOR EACH ROW EXECUTE FUNCTION collide()`);
  try {
    const made = madeIn(await local('POST', '/admin/invitations', { count: 10 }));
    assert.equal(new Set(made.map(({ code }) => code)).size, 10);
  } finally {
    await query('DROP TRIGGER collide ON "Invitation"');
  }
});

test('creating an invitation while its campaign is being revoked waits and is refused', { skip: onServer }, async () => {
  await makeInvitation(local, { campaign: 'closing' });
  await query('BEGIN');
  await query(`UPDATE campaigns SET revoked_at = now() WHERE name = 'closing'`);
  const answer = local('POST', '/admin/invitations', { code: 'TOO-LATE', campaign: 'closing' });
  let answered = false;
  const settled = answer.then(() => {
    answered = true;
  });
  while (!answered && (await countWaiting(query)) === 0) await delay(5);
  await query('COMMIT');
  await settled;
  assertRefused(await answer, 409, 'campaign_revoked');
  await assert.rejects(storedInvitation(application, 'TOO-LATE'));
});

test('of 16 concurrent requests for the same custom code one succeeds', async () => {
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => insist(() => local('POST', '/admin/invitations', { code: 'SAME-CODE', campaign: 'same' }))),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 15 }, () => 409)]);
  for (const answer of answers) if (answer.status === 409) assertRefused(answer, 409, 'invitation_code_taken');
});
