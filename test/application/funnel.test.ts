import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sweptRows } from '../../src/services.ts';
import { sweepRows } from '../../src/sweeping/sweep.ts';
import { openApplication } from '../support/application.ts';
import { samplePerson } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { everything, storedInvitation, storedSession, storedUser } from '../support/stored-rows.ts';

const application = await openApplication({ minimumAge: 14 });
after(() => application[Symbol.asyncDispose]());

interface Event {
  readonly attempt: string;
  readonly event: string;
  readonly invitation_id: number;
  readonly at: Date;
}

/** @returns the events of the sign-ups on an invitation, in the order in which they happened. */
async function eventsOf(code: string): Promise<Event[]> {
  return application.query<Event>(
    'SELECT e.* FROM registration_events e JOIN "Invitation" i ON i.id = e.invitation_id WHERE i.code = $1 ORDER BY e.at',
    [code],
  );
}

async function namesOf(code: string): Promise<string[]> {
  return (await eventsOf(code)).map((event) => event.event);
}

for (const max_uses of ['1', '3']) {
  test(`each step reached writes one event, under one attempt (invitation with ${max_uses} seats)`, async () => {
    const code = await invite(application, { max_uses });
    const person = samplePerson();
    const sessionId = await beginSignUp(application, code);
    assert.deepEqual(await namesOf(code), ['verified']);
    await application.name(sessionId, person.name, person.password);
    assert.deepEqual(await namesOf(code), ['verified', 'name']);
    await application.birthday(sessionId, person.birthday);
    assert.deepEqual(await namesOf(code), ['verified', 'name', 'birthday']);
    const session = await storedSession(application, sessionId);
    await application.phone(sessionId, person.phone);

    const events = await eventsOf(code);
    assert.deepEqual(await namesOf(code), ['verified', 'name', 'birthday', 'completed']);
    assert.deepEqual(new Set(events.map((event) => event.attempt)), new Set([session?.attempt]));
    const { id } = await storedInvitation(application, code);
    assert.deepEqual(new Set(events.map((event) => event.invitation_id)), new Set([id]));
  });
}

test('a repeated step writes no second event and leaves the first one’s time', async () => {
  const code = await invite(application);
  const { sessionId, person } = await signUpToLastStep(application, code);
  const first = await eventsOf(code);
  await application.name(sessionId, person.name, person.password);
  await application.birthday(sessionId, '1991-01-01');
  assert.deepEqual(await eventsOf(code), first);
  await application.phone(sessionId, person.phone);
  const completed = await eventsOf(code);
  await application.phone(sessionId, person.phone);
  assert.deepEqual(await eventsOf(code), completed);
});

test('an error response writes no event', async () => {
  const code = await invite(application);
  const sessionId = await beginSignUp(application, code);
  const before = await everything(application);
  await application.verify('no such code');
  await application.name(sessionId, '', 'short');
  await application.birthday(sessionId, '2023-02-29');
  await application.phone(sessionId, '010-2345-6789');
  assert.deepEqual((await everything(application)).registration_events, before.registration_events);
});

test('two sign-ups on one invitation are two attempts', async () => {
  const code = await invite(application);
  await beginSignUp(application, code);
  await beginSignUp(application, code);
  const events = await eventsOf(code);
  assert.equal(new Set(events.map((event) => event.attempt)).size, 2);
  assert.deepEqual(await namesOf(code), ['verified', 'verified']);
});

test('abandoning, expiring and being too young each end an attempt with an event', async () => {
  const abandoned = await invite(application);
  await application.send('DELETE', '/auth/register/session', undefined, bearer(await beginSignUp(application, abandoned)));
  assert.deepEqual(await namesOf(abandoned), ['verified', 'abandoned']);

  const tooYoung = await invite(application);
  const sessionId = await beginSignUp(application, tooYoung);
  await application.birthday(sessionId, new Date().toISOString().slice(0, 10));
  assert.deepEqual(await namesOf(tooYoung), ['verified', 'abandoned']);

  const expired = await invite(application);
  await expireSession(application, await beginSignUp(application, expired));
  await sweepRows(application.services.database, sweptRows(application.services.config));
  assert.deepEqual(await namesOf(expired), ['verified', 'expired']);
});

test('neither events nor receipts contain personal data', async () => {
  const code = await invite(application);
  const { sessionId, userId, person } = await application.signUp(code, { birthday: '1987-06-05' });
  const { password } = await storedUser(application, userId);
  const { registration_events, registration_receipts } = await everything(application);
  const columns = (rows: readonly object[] = []) => Object.keys(rows[0] ?? {}).sort();
  assert.deepEqual(columns(registration_events), ['at', 'attempt', 'event', 'invitation_id']);
  assert.deepEqual(columns(registration_receipts), ['completed_at', 'session_id', 'user_id']);

  const personal = [person.name, person.birthday, person.phone, person.phone.replaceAll('-', ''), String(password), code];
  const kept = JSON.stringify([registration_events, registration_receipts]);
  for (const value of personal) assert.equal(kept.includes(value), false);
  assert.equal(JSON.stringify(registration_events).includes(String(sessionId)), false);
});
