import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { wordedMoment } from '../../src/rules/worded-moment.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { bearer, beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedExpiry, storedInvitation } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

/** A seat stays held this long after its session has expired (see the migration that makes the function). */
const graceMilliseconds = 10_000;

/** @returns when a seat may become free, in milliseconds, as the problem says. */
async function assertFull(code: string): Promise<number> {
  const before = await everything(application);
  const answer = await application.verify(code);
  assertRefused(answer, 409, 'invitation_full');
  // The minute after: the seat is free when the person comes back.
  const minute = Math.ceil(new Date(String(answer.body.freeAt)).getTime() / 60_000) * 60_000;
  const moment = wordedMoment(new Date(minute), 'Asia/Seoul');
  assert.ok(answer.body.detail?.includes(moment.ko), answer.body.detail);
  assert.deepEqual(await everything(application), before, 'a refused sign-up left something behind');
  return new Date(String(answer.body.freeAt)).getTime();
}

/** Sets the end of a session to some minutes from now. */
async function endIn(minutes: number, sessionId: string): Promise<void> {
  await application.query(`UPDATE "RegisterSession" SET expires_at = now() + make_interval(mins => $2) WHERE "sessionId" = $1`, [
    sessionId,
    minutes,
  ]);
}

/** @returns the end of a session and of its grace, in milliseconds. */
async function releaseOf(sessionId: string): Promise<number> {
  return (await storedExpiry(application, sessionId)).getTime() + graceMilliseconds;
}

test('as many sign-ups as there are seats may begin; the next one gets the time when a seat may become free', async () => {
  const code = await invite(application, { max_uses: '3' });
  const sessions = [await beginSignUp(application, code), await beginSignUp(application, code), await beginSignUp(application, code)];
  await endIn(2, String(sessions[1]));
  assert.equal(await assertFull(code), await releaseOf(String(sessions[1])));
  assert.equal((await storedInvitation(application, code)).use_count, 0);
});

test('every holder of a seat can complete, and no one else', async () => {
  const code = await invite(application, { max_uses: '2' });
  const [first, second] = [await signUpToLastStep(application, code), await signUpToLastStep(application, code)];
  assert.equal((await application.phone(first.sessionId, first.person.phone)).status, 200);
  assert.deepEqual(await seats(code), { use_count: 1, is_used: false });
  await assertFull(code);
  const last = await application.phone(second.sessionId, second.person.phone);
  assert.equal(last.status, 200);
  assert.deepEqual(await seats(code), { use_count: 2, is_used: true });
  assert.equal((await storedInvitation(application, code)).used_by, last.body.userId);
  assertRefused(await application.verify(code), 410, 'invitation_used');
  assert.equal(await countUsersOf(application, code), 2);
});

async function seats(code: string) {
  const { use_count, is_used } = await storedInvitation(application, code);
  return { use_count, is_used };
}

test('k seats give k users, however often the code is tried', async () => {
  const code = await invite(application, { max_uses: '4' });
  for (let user = 1; user <= 4; user += 1) assert.equal((await application.signUp(code)).answer.status, 200);
  assertRefused(await application.verify(code), 410, 'invitation_used');
  assert.equal(await countUsersOf(application, code), 4);
});

test('abandoning a sign-up frees its seat at once', async () => {
  const code = await invite(application, { max_uses: '2' });
  const sessions = [await beginSignUp(application, code), await beginSignUp(application, code)];
  await assertFull(code);
  await application.send('DELETE', '/auth/register/session', undefined, bearer(String(sessions[0])));
  await beginSignUp(application, code);
  await assertFull(code);
});

test('after any number of abandoned sign-ups every seat is free', async () => {
  const code = await invite(application, { max_uses: '2' });
  for (let round = 0; round < 10; round += 1) {
    const sessionId = await beginSignUp(application, code);
    if (round % 2 === 0) await application.send('DELETE', '/auth/register/session', undefined, bearer(sessionId));
    else await application.query(`UPDATE "RegisterSession" SET expires_at = now() - interval '1 hour' WHERE "sessionId" = $1`, [sessionId]);
  }
  assert.equal((await application.signUp(code)).answer.status, 200);
  assert.equal((await application.signUp(code)).answer.status, 200);
  assertRefused(await application.verify(code), 410, 'invitation_used');
});

test('an expired sign-up holds its seat for ten more seconds, with or without the sweeper', async () => {
  const code = await invite(application, { max_uses: '2' });
  const [first] = [await beginSignUp(application, code), await beginSignUp(application, code)];
  await expireSession(application, first);
  assertRefused(await application.birthday(first, '1990-01-01'), 404, 'session_not_found');
  assert.equal(await assertFull(code), await releaseOf(first));

  await application.query(`UPDATE "RegisterSession" SET expires_at = now() - interval '10 seconds' WHERE "sessionId" = $1`, [first]);
  await beginSignUp(application, code);
  await assertFull(code);
});

test('each step extends the hold on the seat', async () => {
  const code = await invite(application, { max_uses: '2' });
  const { sessionId, person } = await signUpToLastStep(application, code);
  const other = await beginSignUp(application, code);
  await endIn(60 * 5, other);
  for (const step of [
    () => application.name(sessionId, person.name, person.password),
    () => application.birthday(sessionId, person.birthday),
  ]) {
    await endIn(1, sessionId);
    const before = await assertFull(code);
    await step();
    const after = await assertFull(code);
    assert.ok(after > before);
    assert.equal(after, await releaseOf(sessionId));
  }
});

test('an invitation with one seat holds nothing: the first to complete gets it', async () => {
  const code = await invite(application);
  const [first, second] = [await signUpToLastStep(application, code), await signUpToLastStep(application, code)];
  await beginSignUp(application, code);
  assert.equal((await application.phone(second.sessionId, second.person.phone)).status, 200);
  assertRefused(await application.phone(first.sessionId, first.person.phone), 410, 'invitation_used');
  assertRefused(await application.verify(code), 410, 'invitation_used');
  assert.equal(await countUsersOf(application, code), 1);
});

test('a seat that was used before counts, a session of another invitation does not', async () => {
  const code = await invite(application, { max_uses: '3', use_count: '2' });
  const other = await invite(application, { max_uses: '3' });
  for (let session = 0; session < 3; session += 1) await beginSignUp(application, other);
  await beginSignUp(application, code);
  await assertFull(code);
});
