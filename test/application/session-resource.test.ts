import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { samplePerson } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything, storedExpiry, storedInvitation, tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

const path = '/auth/register/session';
const read = (headers: Record<string, string> = {}) => application.send('GET', path, undefined, headers);
const abandon = (headers: Record<string, string> = {}) => application.send('DELETE', path, undefined, headers);

test('reading a session shows its progress and none of its data', async () => {
  const person = samplePerson();
  const sessionId = await beginSignUp(application, await invite(application));
  const progress = async () => {
    const { status, body } = await read(bearer(sessionId));
    assert.equal(status, 200);
    assert.equal(body.expiresAt, (await storedExpiry(application, sessionId)).toISOString());
    const { expiresAt: _, ...rest } = body;
    return rest;
  };
  assert.deepEqual(await progress(), { completedSteps: [], remainingSteps: ['name', 'birthday', 'phone'], phoneBound: false });
  await application.birthday(sessionId, person.birthday);
  assert.deepEqual(await progress(), { completedSteps: ['birthday'], remainingSteps: ['name', 'phone'], phoneBound: false });
  await application.name(sessionId, person.name, person.password);
  assert.deepEqual(await progress(), { completedSteps: ['name', 'birthday'], remainingSteps: ['phone'], phoneBound: false });
  await application.phone(sessionId, person.phone);
  assertRefused(await read(bearer(sessionId)), 404, 'already_signed_up');
});

test('verifying and reading say whether a phone number is bound, and none of its digits', async () => {
  for (const max_uses of ['1', '2']) {
    for (const [phone, phoneBound] of [
      ["'+821029384756'", true],
      ['NULL', false],
    ] as const) {
      const verified = await application.verify(await invite(application, { max_uses, phone }));
      const shown = await read(bearer(String(verified.body.sessionId)));
      assert.deepEqual([verified.body.phoneBound, shown.body.phoneBound], [phoneBound, phoneBound]);
      assert.ok(!JSON.stringify([verified.body, shown.body]).includes('4756'));
    }
  }
});

test('a session id is read only from the Authorization header, and without it the answer is a 401', async () => {
  const { sessionId, person } = await signUpToLastStep(application, await invite(application));
  const before = await everything(application);
  const fields: Record<string, string>[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: sessionId },
    { authorization: `Basic ${sessionId}` },
    { authorization: `Bearer ${sessionId} ${sessionId}` },
    { authorization: `Bearer ${'x'.repeat(129)}` },
    { cookie: `session=${sessionId}` },
    { 'x-session-id': sessionId },
  ];
  for (const headers of fields) {
    for (const answer of [await read(headers), await abandon(headers)]) {
      assertRefused(answer, 401, 'session_required');
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
  }
  for (const query of [`?session_id=${sessionId}`, `?sessionId=${sessionId}`, `?access_token=${sessionId}`]) {
    assertRefused(await application.send('GET', `${path}${query}`), 401, 'session_required');
    assertRefused(await application.send('DELETE', `${path}${query}`), 401, 'session_required');
  }
  const inBody = await application.send('DELETE', path, { session_id: sessionId });
  assertRefused(inBody, 401, 'session_required');
  assert.deepEqual(await everything(application), before);
  assert.deepEqual(await tablesHolding(application, person.name), ['RegisterSession']);
});

test('the scheme may be written in any case and with more spaces (RFC 9110)', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  for (const authorization of [`bearer ${sessionId}`, `BEARER ${sessionId}`, `Bearer   ${sessionId}`]) {
    assert.equal((await read({ authorization })).status, 200);
  }
});

test('reading or abandoning an unknown session id is a 404', async () => {
  const before = await everything(application);
  for (const unknown of ['0123456789abcdef0123456789abcdef', 'anything']) {
    assertRefused(await read(bearer(unknown)), 404, 'session_not_found');
    assertRefused(await abandon(bearer(unknown)), 404, 'session_not_found');
  }
  assert.deepEqual(await everything(application), before);
});

test('abandoning a sign-up deletes its data, and the code still works', async () => {
  const code = await invite(application);
  const { sessionId, person } = await signUpToLastStep(application, code);
  assert.deepEqual(await tablesHolding(application, person.name), ['RegisterSession']);

  const answer = await abandon(bearer(sessionId));
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { ok: true });
  for (const value of [person.name, sessionId]) assert.deepEqual(await tablesHolding(application, value), []);
  const { is_used, use_count } = await storedInvitation(application, code);
  assert.deepEqual({ is_used, use_count }, { is_used: false, use_count: 0 });

  assertRefused(await abandon(bearer(sessionId)), 404, 'session_not_found');
  assertRefused(await read(bearer(sessionId)), 404, 'session_not_found');
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');
  assert.equal((await application.signUp(code)).answer.status, 200);
});

test('a completed sign-up can no longer be abandoned, and its user stays', async () => {
  const { sessionId, userId, person } = await application.signUp(await invite(application));
  assertRefused(await abandon(bearer(String(sessionId))), 404, 'already_signed_up');
  const { body } = await application.phone(String(sessionId), person.phone);
  assert.equal(body.userId, userId);
});

test('one person cannot abandon another one’s sign-up by guessing at part of an id', async () => {
  const sessionId = await beginSignUp(application, await invite(application));
  for (const guess of [sessionId.slice(0, -1), sessionId.toUpperCase(), `${sessionId}%`, '%', '_'.repeat(32)]) {
    if (guess !== sessionId) assertRefused(await abandon(bearer(guess)), 404, 'session_not_found');
  }
  assert.equal((await read(bearer(sessionId))).status, 200);
});
