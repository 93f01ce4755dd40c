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

/** What the funnel knows of a sign-up: its session's row while it is alive, then the row that is kept. */
interface Attempt {
  readonly attempt: string;
  readonly invitation_id: number;
  readonly verified_at: Date;
  readonly name_at: Date | null;
  readonly birthday_at: Date | null;
  readonly ended_at: Date;
  readonly outcome: string;
}

const attemptsOf = (code: string) =>
  application.query<Attempt>('SELECT a.* FROM registration_attempts a JOIN "Invitation" i ON i.id = a.invitation_id WHERE i.code = $1', [
    code,
  ]);

for (const max_uses of ['1', '3']) {
  test(`a session records when each step was reached, and leaves one attempt (invitation with ${max_uses} seats)`, async () => {
    const code = await invite(application, { max_uses });
    const person = samplePerson();
    const sessionId = await beginSignUp(application, code);
    const reached = async () => {
      const { name_at, birthday_at } = (await storedSession(application, sessionId)) ?? {};
      return [name_at !== null, birthday_at !== null];
    };
    assert.deepEqual(await reached(), [false, false]);
    await application.birthday(sessionId, person.birthday);
    assert.deepEqual(await reached(), [false, true]);
    await application.name(sessionId, person.name, person.password);
    assert.deepEqual(await reached(), [true, true]);
    const session = await storedSession(application, sessionId);
    assert.deepEqual(await attemptsOf(code), []);
    await application.phone(sessionId, person.phone);

    const [attempt, ...others] = await attemptsOf(code);
    assert.ok(attempt);
    assert.deepEqual(others, []);
    assert.ok(Number(attempt.ended_at) >= Number(attempt.name_at));
    const { id } = await storedInvitation(application, code);
    const { ended_at: _, ...kept } = attempt;
    assert.deepEqual(kept, {
      attempt: session?.attempt,
      invitation_id: id,
      verified_at: session?.created_at,
      name_at: session?.name_at,
      birthday_at: session?.birthday_at,
      outcome: 'completed',
    });
  });
}

test('a repeated step leaves the first one’s time, and a repeated last step one attempt', async () => {
  const code = await invite(application);
  const { sessionId, person } = await signUpToLastStep(application, code);
  const first = await storedSession(application, sessionId);
  await application.name(sessionId, person.name, person.password);
  await application.birthday(sessionId, '1991-01-01');
  const second = await storedSession(application, sessionId);
  assert.deepEqual([second?.name_at, second?.birthday_at], [first?.name_at, first?.birthday_at]);
  await application.phone(sessionId, person.phone);
  const completed = await attemptsOf(code);
  await application.phone(sessionId, person.phone);
  assert.deepEqual(await attemptsOf(code), completed);
});

test('an error response records nothing', async () => {
  const code = await invite(application);
  const sessionId = await beginSignUp(application, code);
  const before = await everything(application);
  await application.verify('no such code');
  await application.name(sessionId, '', 'short');
  await application.birthday(sessionId, '2023-02-29');
  await application.phone(sessionId, '010-2345-6789');
  assert.deepEqual(await everything(application), before);
});

test('abandoning, expiring and being too young each leave one attempt', async () => {
  const outcomes = async (code: string) => (await attemptsOf(code)).map(({ outcome }) => outcome);
  const abandoned = await invite(application);
  await application.send('DELETE', '/auth/register/session', undefined, bearer(await beginSignUp(application, abandoned)));
  assert.deepEqual(await outcomes(abandoned), ['abandoned']);

  const tooYoung = await invite(application);
  const sessionId = await beginSignUp(application, tooYoung);
  await application.birthday(sessionId, new Date().toISOString().slice(0, 10));
  assert.deepEqual(await outcomes(tooYoung), ['abandoned']);

  const expired = await invite(application);
  const ending = await beginSignUp(application, expired);
  await expireSession(application, ending);
  const session = await storedSession(application, ending);
  await sweepRows(application.services.database, sweptRows(application.services.config));
  assert.deepEqual(await outcomes(expired), ['expired']);
  assert.deepEqual((await attemptsOf(expired))[0]?.ended_at, session?.expires_at);
});

test('neither attempts nor receipts contain personal data', async () => {
  const code = await invite(application);
  const { sessionId, userId, person } = await application.signUp(code, { birthday: '1987-06-05' });
  const { password } = await storedUser(application, userId);
  const { registration_attempts, registration_receipts } = await everything(application);
  const columns = (rows: readonly object[] = []) => Object.keys(rows[0] ?? {}).sort();
  assert.deepEqual(columns(registration_attempts), [
    'attempt',
    'birthday_at',
    'ended_at',
    'invitation_id',
    'name_at',
    'outcome',
    'verified_at',
  ]);
  assert.deepEqual(columns(registration_receipts), ['completed_at', 'session_id', 'user_id']);

  const personal = [person.name, person.birthday, person.phone, person.phone.replaceAll('-', ''), String(password), code];
  const kept = JSON.stringify([registration_attempts, registration_receipts]);
  for (const value of personal) assert.equal(kept.includes(value), false);
  assert.equal(JSON.stringify(registration_attempts).includes(String(sessionId)), false);
});
