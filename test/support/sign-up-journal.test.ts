import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, type SignUpClient, samplePerson, signUpClient } from './sign-up-client.ts';
import { type Attempt, advance, isUnanswered, newAttempt, settle } from './sign-up-journal.ts';
import { findDisagreements, type SignUpTables } from './sign-up-tables.ts';

// The oracle of the fault tests, fed with histories that must not have happened.

const answer = (status: number, body: object = {}, headers: Record<string, string> = {}): Answer => ({
  status,
  body: body as Answer['body'],
  headers: new Headers(headers),
});

/** A service that answers correctly, except for the given answers. */
function fakeClient(changes: Partial<SignUpClient>): SignUpClient {
  const ok = async () => answer(200, { ok: true });
  return {
    ...signUpClient('http://127.0.0.1:9'),
    verify: async () => answer(200, { sessionId: 's1' }),
    name: ok,
    birthday: ok,
    phone: async () => answer(200, { ok: true, userId: 1 }),
    send: async () => answer(200, { completedSteps: ['name', 'birthday'] }),
    ...changes,
  };
}

/** One person who has become user 1 with the only seat, as both sides know it. */
function oneSignUp(changes: Partial<Attempt> = {}): { attempt: Attempt; tables: SignUpTables } {
  const attempt: Attempt = { ...newAttempt('CODE', samplePerson(), 's1'), asked: new Set(['phone']), userId: 1, ...changes };
  const { name, birthday, phone } = attempt.person;
  const invitation = { code: 'CODE', max_uses: 1, use_count: 1, is_used: true, users: 1 };
  const tables = { users: [{ id: 1, name, birthday, phone, code: 'CODE' }], invitations: [invitation], receipts: ['s1'], sessions: [] };
  return { attempt, tables };
}

const free = { code: 'CODE', max_uses: 1, use_count: 0, is_used: false, users: 0 };
const nothing: SignUpTables = { users: [], invitations: [free], receipts: [], sessions: ['s1'] };
const whatIsWrong = (tables: SignUpTables, attempts: readonly Attempt[]) => findDisagreements(tables, attempts).map(({ what }) => what);

test('a history in which everything is right is accepted', async () => {
  const { attempt, tables } = oneSignUp();
  assert.deepEqual(whatIsWrong(tables, [attempt]), []);
  const begun = newAttempt('CODE', samplePerson());
  await advance(fakeClient({}), begun);
  await settle(fakeClient({}), begun);
  assert.equal(begun.userId, 1);
});

test('what the tables must not say is found', () => {
  const { attempt, tables } = oneSignUp();
  const user = tables.users[0] as SignUpTables['users'][number];
  const invitation = tables.invitations[0] as SignUpTables['invitations'][number];
  const wrongTables: [string, Partial<SignUpTables>][] = [
    ['users that were acknowledged and are gone', { users: [] }],
    ['users that were acknowledged and are gone', { users: [{ ...user, name: '다른 사람' }] }],
    ['users that no answer reported', { users: [user, { ...user, id: 2 }] }],
    ['users that no answer reported', { users: [user, user] }],
    ['invitations whose seats and users do not agree', { invitations: [{ ...invitation, users: 2 }] }],
    ['invitations whose seats and users do not agree', { invitations: [{ ...invitation, users: 2, use_count: 2 }] }],
    ['invitations whose seats and users do not agree', { invitations: [{ ...invitation, is_used: false }] }],
    ['completed sessions without their receipt', { receipts: [] }],
    ['receipts of sessions that were not completed', { receipts: ['s1', 's2'] }],
    ['sessions that outlived their completion', { sessions: ['s1'] }],
  ];
  for (const [what, changes] of wrongTables) {
    assert.ok(whatIsWrong({ ...tables, ...changes }, [attempt]).includes(what), `${what}: not found in ${JSON.stringify(changes)}`);
  }
});

test('ends that a person must not come to are found', () => {
  const person = (changes: Partial<Attempt>) => oneSignUp({ userId: undefined, ...changes }).attempt;
  assert.deepEqual(whatIsWrong(nothing, [person({})]), ['people who can neither complete nor are refused']);
  const unjust = ['refused people who had every right to a seat'];
  assert.deepEqual(whatIsWrong(nothing, [person({ refusal: 'phone: 410 invitation_used' })]), unjust);
  assert.deepEqual(whatIsWrong(nothing, [person({ refusal: 'phone: 410 invitation_revoked' })]), unjust);
  assert.deepEqual(whatIsWrong(nothing, [person({ refusal: 'phone: 404 session_not_found' })]), unjust);
  assert.deepEqual(whatIsWrong(nothing, [person({ refusal: 'phone: 410 invitation_revoked', closing: new Set(['expired']) })]), unjust);
  const robbed = whatIsWrong({ ...nothing, sessions: [] }, [
    person({ refusal: 'phone: 410 invitation_revoked', closing: new Set(['revoked']) }),
  ]);
  assert.deepEqual(robbed, ['refused people whose session is gone']);
  assert.deepEqual(whatIsWrong(nothing, [person({ refusal: 'phone: 410 invitation_revoked', closing: new Set(['revoked']) })]), []);
  assert.deepEqual(
    whatIsWrong({ ...nothing, sessions: [] }, [person({ refusal: 'phone: 404 session_not_found', closing: new Set(['expired']) })]),
    [],
  );
});

test('a success whose last step was first sent after the revocation was committed is found', async () => {
  const late = newAttempt('CODE', samplePerson(), 's1');
  Object.assign(late, { closing: new Set(['revoked']), isClosed: true });
  await advance(fakeClient({}), late);
  const { tables } = oneSignUp();
  const { name, birthday, phone } = late.person;
  const stored = { ...tables, users: [{ id: 1, name, birthday, phone, code: 'CODE' }] };
  assert.deepEqual(whatIsWrong(stored, [late]), ['people who became users after their code was revoked or their session had expired']);

  // The same if the first request was sent before: it may have created the user, and its repetition says so.
  const cut = newAttempt('CODE', late.person, 's1');
  await assert.rejects(advance(fakeClient({ phone: () => Promise.reject(new TypeError('cut')) }), cut), isUnanswered);
  Object.assign(cut, { closing: new Set(['revoked']), isClosed: true });
  await advance(fakeClient({}), cut);
  assert.deepEqual(whatIsWrong(stored, [cut]), []);
});

test('a 500, a 503 that does not say when to come again, and a request that hangs fail at once', async (context) => {
  const attempt = () => newAttempt('CODE', samplePerson(), 's1');
  const advanceWith = (phone: SignUpClient['phone']) => advance(fakeClient({ phone }), attempt());
  const refusal = /phone: 50\d|phone: no answer/;
  await assert.rejects(
    advanceWith(async () => answer(500)),
    refusal,
  );
  await assert.rejects(
    advanceWith(async () => answer(502)),
    refusal,
  );
  await assert.rejects(
    advanceWith(async () => answer(503)),
    refusal,
  );
  await assert.rejects(
    advanceWith(async () => answer(503, {}, { 'retry-after': '0' })),
    refusal,
  );
  await assert.rejects(
    advanceWith(async () => answer(503, {}, { 'retry-after': '1' })),
    isUnanswered,
  );

  context.mock.timers.enable({ apis: ['setTimeout'] });
  const hanging = advanceWith(() => new Promise(() => {}));
  const seen = assert.rejects(hanging, /no answer within 10 s/);
  await Promise.resolve();
  context.mock.timers.tick(10_000);
  await seen;
});

test('an acknowledged session or step that is gone, and another user for the same last step, fail when it goes on', async () => {
  const begun = () => newAttempt('CODE', samplePerson(), 's1');
  const gone = fakeClient({ send: async () => answer(404, { code: 'session_not_found' }) });
  await assert.rejects(settle(gone, begun()), /an acknowledged session is gone/);
  const half = fakeClient({ send: async () => answer(200, { completedSteps: ['name'] }) });
  await assert.rejects(settle(half, begun()), /acknowledged steps are gone/);
  const done = oneSignUp().attempt;
  const another = fakeClient({ phone: async () => answer(200, { userId: 2 }) });
  await assert.rejects(settle(another, done), /the last request repeated has another answer/);
});
