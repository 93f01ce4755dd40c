import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { LimitsConfig } from '../../src/config/config.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { until } from '../../src/database/database.ts';
import { sweptWindows } from '../../src/limits/database-store.ts';
import { type Application, openApplication } from '../support/application.ts';
import { newDeadline } from '../support/new-deadline.ts';
import { readSamples } from '../support/prometheus-text.ts';
import { shownLimits } from '../support/rate-limit-fields.ts';
import type { Answer } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, invite } from '../support/sign-up-scenes.ts';
import { storeOperator } from '../support/stored-operator.ts';

const defaults = readConfig({}).limits as LimitsConfig;
const perMinute = (count: number) => ({ count, seconds: 60 });

function openLimited(limits: Partial<LimitsConfig>): Promise<Application> {
  return openApplication({ limits: { ...defaults, ...limits }, trustedProxies: 1 });
}

const from = (address: string) => ({ 'x-forwarded-for': address });
const verifyFrom = ({ send }: Application, address: string, invitation_code: string) =>
  send('POST', '/auth/invitation/verify', { invitation_code }, from(address));
const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

function statusesOf(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** @returns how often a statement is sent to the database during some work. */
async function countStatements(
  context: TestContext,
  { services }: Application,
  name: string,
  work: () => Promise<unknown>,
): Promise<number> {
  const run = context.mock.method(services.database, 'run');
  await work();
  const count = run.mock.calls.filter((call) => call.arguments[0].name === name).length;
  run.mock.restore();
  return count;
}

test('of 200 guesses at once exactly as many are evaluated as the limit allows', async (context) => {
  await using application = await openLimited({ verify: perMinute(5) });
  let answers: Answer[] = [];
  const evaluated = await countStatements(context, application, 'registration_open_session', async () => {
    answers = await times(200, (index) => verifyFrom(application, '192.0.2.1', `guess-${index}`));
  });
  assert.deepEqual(statusesOf(answers), { 404: 5, 429: 195 });
  assert.equal(evaluated, 5);
  assert.equal(answers.find(({ status }) => status === 429)?.body.code, 'rate_limited');
});

test('a client over the limit costs no database query and is refused before the body is read', async (context) => {
  await using application = await openLimited({ verify: perMinute(2) });
  await times(3, () => verifyFrom(application, '192.0.2.1', 'guess'));
  const asked = await countStatements(context, application, 'limits_take', async () => {
    assert.deepEqual(statusesOf(await times(50, () => verifyFrom(application, '192.0.2.1', 'guess'))), { 429: 50 });
    for (const [body, type] of [
      ['{', 'application/json'],
      ['<xml/>', 'text/xml'],
      ['{}', 'application/json'],
    ] as const) {
      const answer = await application.send('POST', '/auth/invitation/verify', body, { ...from('192.0.2.1'), 'content-type': type });
      assert.equal(answer.status, 429);
    }
  });
  assert.equal(asked, 0);
});

test('every response of a limited route says what remains, and a 429 when to retry', async () => {
  await using application = await openLimited({ verify: perMinute(3) });
  const code = await invite(application);
  const left: number[] = [];
  for (const text of [code, 'unknown', '']) {
    const { status, headers } = await verifyFrom(application, '192.0.2.1', text);
    assert.equal(headers.get('ratelimit-policy'), '"verify";q=3;w=60');
    left.push(shownLimits(headers, status).verify?.r ?? -1);
  }
  assert.deepEqual(left, [2, 1, 0]);
  const refused = await verifyFrom(application, '192.0.2.1', code);
  assert.equal(refused.status, 429);
  assert.deepEqual(Object.keys(shownLimits(refused.headers, 429)), ['verify']);
  assert.match(String(refused.body.detail), new RegExp(`\\b${refused.headers.get('retry-after')}초`));
});

test('a session is limited for all clients, in the body and in the header alike', async () => {
  await using application = await openLimited({ session: perMinute(3) });
  const [first = '', second = ''] = [
    await beginSignUp(application, await invite(application)),
    await beginSignUp(application, await invite(application)),
  ];
  const birthday = (session_id: string, address: string) =>
    application.send('PUT', '/auth/register/birthday', { session_id, birthday: '1990-01-01' }, from(address));
  const answers = [
    await birthday(first, '192.0.2.1'),
    await birthday(first, '192.0.2.2'),
    await application.send('GET', '/auth/register/session', undefined, { ...bearer(first), ...from('192.0.2.3') }),
    await birthday(first, '192.0.2.4'),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 429],
  );
  assert.deepEqual(Object.keys(shownLimits(answers[0]?.headers as Headers, 200)), ['sign-up', 'session']);
  assert.deepEqual(Object.keys(shownLimits(answers[3]?.headers as Headers, 429)), ['session']);
  assert.equal((await birthday(second, '192.0.2.1')).status, 200);
});

test('the steps of signing up are limited by address', async () => {
  await using application = await openLimited({ signUp: perMinute(5) });
  const answers = await times(20, (index) =>
    application.send('PUT', '/auth/register/phone', { session_id: `nobody-${index}`, phone: '010-2345-6789' }, from('192.0.2.1')),
  );
  assert.deepEqual(statusesOf(answers), { 404: 5, 429: 15 });
});

test('one /64 of IPv6 is one client, and IPv4 inside IPv6 is IPv4', async () => {
  await using application = await openLimited({ verify: perMinute(2) });
  const statusFrom = async (address: string) => (await verifyFrom(application, address, 'guess')).status;
  assert.deepEqual(
    [await statusFrom('2001:db8:0:1::1'), await statusFrom('2001:db8:0:1:ffff::2'), await statusFrom('2001:db8:0:1::3')],
    [404, 404, 429],
  );
  assert.equal(await statusFrom('2001:db8:0:2::1'), 404);
  assert.deepEqual(
    [await statusFrom('192.0.2.1'), await statusFrom('::ffff:192.0.2.1'), await statusFrom('::ffff:c000:201')],
    [404, 404, 429],
  );
});

test('a forged header does not make it another client', async () => {
  await using application = await openLimited({ verify: perMinute(2) });
  const statuses = [];
  for (const forged of ['198.51.100.1', '198.51.100.2', '198.51.100.3', 'garbage', '']) {
    statuses.push((await verifyFrom(application, `${forged}, 192.0.2.1`, 'guess')).status);
  }
  assert.deepEqual(statuses, [404, 404, 429, 429, 429]);
});

test('guesses from many addresses are slowed down, and honest people still get in', async () => {
  await using application = await openLimited({ guesses: { count: 20, seconds: 600 } });
  const counted = async () => {
    const samples = readSamples(await application.services.metrics.registry.metrics());
    return [samples.get('chodae_guess_budget_spent_total'), samples.get('chodae_guesses_guarded')];
  };
  assert.deepEqual(await counted(), [0, 0]);
  await spendGuesses(application, 25);

  const attacker = await times(100, (index) => verifyFrom(application, '203.0.113.99', `guess-${index}`));
  assert.deepEqual(statusesOf(attacker), { 404: 30, 429: 70 });
  const refused = attacker.find(({ status }) => status === 429);
  assert.deepEqual(Object.keys(shownLimits(refused?.headers as Headers, 429)), ['guarded-verify']);
  assert.deepEqual(await counted(), [1, 1]);

  const code = await invite(application, { max_uses: '60' });
  assert.deepEqual(statusesOf(await times(50, () => verifyFrom(application, '198.51.100.1', code))), { 200: 50 });
  assert.equal((await verifyFrom(application, '198.51.100.2', code)).status, 200);
});

/** Wrong codes, each from a different address. */
async function spendGuesses(application: Application, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await verifyFrom(application, `203.0.113.${index}`, 'guess');
}

test('an office of 30 with ten typos gets in while others have spent the guess budget', async () => {
  await using application = await openLimited({ guesses: { count: 20, seconds: 600 } });
  await spendGuesses(application, 25);
  const code = await invite(application, { max_uses: '200' });
  const office = (index: number) => `198.51.100.${index}`;
  const mistype = (address: string, count: number) => times(count, (index) => verifyFrom(application, address, `welcme-${index}`));
  const enter = (address: string, count: number) => times(count, () => verifyFrom(application, address, code));
  // All mistakes first; all at once; alternating; and one whose right codes come first.
  assert.deepEqual(statusesOf([...(await mistype(office(1), 10)), ...(await enter(office(1), 30))]), { 404: 10, 200: 30 });
  const [mistakes, entries] = await Promise.all([mistype(office(2), 10), enter(office(2), 30)]);
  assert.deepEqual(statusesOf([...mistakes, ...entries]), { 404: 10, 200: 30 });
  for (let person = 0; person < 30; person += 1) {
    if (person % 3 === 0) assert.equal((await verifyFrom(application, office(3), 'welcme')).status, 404);
    assert.equal((await verifyFrom(application, office(3), code)).status, 200);
  }
  assert.deepEqual(statusesOf([...(await enter(office(4), 30)), ...(await mistype(office(4), 30))]), { 200: 30, 404: 30 });
});

test('an existing code is not a guess, whatever else keeps it from being used', async () => {
  await using application = await openLimited({ guesses: { count: 5, seconds: 600 } });
  await spendGuesses(application, 6);
  const full = await invite(application, { max_uses: '2' });
  // From one network each, so that no newcomer takes a seat over.
  for (const address of ['192.0.2.1', '192.0.2.2']) assert.equal((await verifyFrom(application, address, full)).status, 200);
  const past = "now() - interval '1 hour'";
  const codes = [
    await invite(application, { expires_at: past, starts_at: "now() - interval '2 hours'" }),
    await invite(application, { revoked_at: past }),
    await invite(application, { is_used: 'true' }),
    await invite(application, { starts_at: "now() + interval '1 hour'" }),
    full,
  ];
  for (const code of codes) {
    const answers = await times(40, () => verifyFrom(application, '198.51.100.1', code));
    assert.deepEqual(
      [...new Set(answers.map(({ status }) => status))].filter((status) => status === 404 || status === 429),
      [],
    );
  }
  for (const body of ['{', '{}', '{"invitation_code":""}', '{"invitation_code":"ABCDE-FGHJK-MNPQR"}']) {
    const send = () =>
      application.send('POST', '/auth/invitation/verify', body, { ...from('198.51.100.1'), 'content-type': 'application/json' });
    const answers = await times(40, send);
    assert.ok(!answers.some(({ status, body: { code } }) => status === 429 || code === 'invitation_not_found'), body);
  }
  const guesses = await times(40, (index) => verifyFrom(application, '198.51.100.1', `guess-${index}`));
  assert.deepEqual(statusesOf(guesses), { 404: 30, 429: 10 });
});

test('a client with a right code that guesses at others gains at most 60 attempts, at once or in turn', async () => {
  await using application = await openLimited({ guesses: { count: 5, seconds: 600 } });
  await spendGuesses(application, 6);
  const code = await invite(application);
  const atOnce = await times(200, (index) => verifyFrom(application, '203.0.113.98', index === 0 ? code : `guess-${index}`));
  const wrong = statusesOf(atOnce)[404] ?? 0;
  assert.ok(wrong >= 30 && wrong <= 30 + 3, String(wrong));
  const inTurn: Answer[] = [];
  for (let index = 0; index < 300; index += 1) {
    inTurn.push(await verifyFrom(application, '203.0.113.99', index % 3 === 0 ? code : `guess-${index}`));
  }
  assert.equal(statusesOf(inTurn)[404], 30 + 60);
});

test('a simultaneous burst is limited once the budget is spent', async () => {
  await using application = await openLimited({ guesses: { count: 20, seconds: 600 } });
  const answers = await times(80, (index) => verifyFrom(application, '203.0.113.99', `guess-${index}`));
  assert.deepEqual(statusesOf(answers), { 404: 20 + 30, 429: 30 });
});

test('passwords have their own limits, per sign-up and per address', async () => {
  await using application = await openLimited({ passwords: perMinute(5), sessionPasswords: perMinute(3) });
  const sessions = await times(3, async () => beginSignUp(application, await invite(application)));
  const save = (session_id: string | undefined, address: string, password = 'seven quiet rivers') =>
    application.send('PUT', '/auth/register/name', { session_id, name: '홍길동', password }, from(address));
  const first = [];
  for (let index = 0; index < 5; index += 1) first.push(await save(sessions[0], `192.0.2.${index}`));
  assert.deepEqual(
    first.map(({ status }) => status),
    [200, 200, 200, 429, 429],
  );
  assert.deepEqual(Object.keys(shownLimits(first[0]?.headers as Headers, 200)), ['sign-up', 'session-passwords', 'passwords']);
  assert.deepEqual(Object.keys(shownLimits(first[4]?.headers as Headers, 429)), ['session-passwords']);

  // Invalid values, unknown sessions and those over their own limit do not count for the address.
  for (let index = 0; index < 10; index += 1) {
    assert.equal((await save(sessions[1], '192.0.2.77', '1q2w3e')).status, 422);
    assert.equal((await save('nobody', '192.0.2.77')).status, 404);
    assert.equal((await save(sessions[0], '192.0.2.77')).status, 429);
  }
  const second = [];
  for (const session of [sessions[1], sessions[1], sessions[1], sessions[2], sessions[2], sessions[2]])
    second.push(await save(session, '192.0.2.77'));
  assert.deepEqual(statusesOf(second), { 200: 5, 429: 1 });
  assert.deepEqual(Object.keys(shownLimits(second[5]?.headers as Headers, 429)), ['passwords']);
  // What the address was refused for does not count for the sign-up.
  assert.equal((await save(sessions[2], '192.0.2.78')).status, 200);
  assert.equal((await save(sessions[2], '192.0.2.78')).status, 429);
});

test('a sign-up has one password hashed at a time; another gets Retry-After and is not counted', async () => {
  await using application = await openLimited({ sessionPasswords: perMinute(3) });
  const session_id = await beginSignUp(application, await invite(application));
  const save = (index: number) =>
    application.send(
      'PUT',
      '/auth/register/name',
      { session_id, name: '홍길동', password: `seven quiet rivers ${index}` },
      from('192.0.2.1'),
    );
  const answers = await times(20, save);
  const refused = answers.filter(({ status }) => status === 503);
  assert.ok(refused.length > 0, JSON.stringify(statusesOf(answers)));
  for (const { headers, body } of refused) {
    assert.equal(body.code, 'overloaded');
    assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  }
  const saved = statusesOf(answers)[200] ?? 0;
  assert.ok(saved >= 1 && saved <= 3, String(saved));
  const later: Answer[] = [];
  for (let index = saved; index < 3; index += 1) later.push(await save(index));
  assert.deepEqual(statusesOf(later), saved < 3 ? { 200: 3 - saved } : {});
  assert.equal((await save(3)).status, 429);
});

test('200 people behind one address sign up within ten minutes at the default settings', async () => {
  await using application = await openLimited({});
  const codes = Array.from({ length: 200 }, (_, pupil) => `pupil-${pupil}`);
  await application.query('INSERT INTO "Invitation" (code) SELECT unnest($1::text[])', [codes]);
  const answers: Answer[] = [];
  // At most one connection each: how much a busy machine can do at once is not tested here.
  await times(8, async () => {
    for (let code = codes.pop(); code !== undefined; code = codes.pop()) {
      await application.verify(`${code}, mistyped`);
      answers.push((await application.signUp(code)).answer);
    }
  });
  assert.deepEqual(statusesOf(answers), { 200: 200 });
});

test('of 200 wrong operator keys at once exactly as many are looked up as the limit allows, and a good key still works', async (context) => {
  await using application = await openLimited({ operatorKeys: perMinute(5) });
  const ask = (key: string, address = '192.0.2.1') =>
    application.send('GET', '/admin/me', undefined, { authorization: `Bearer ${key}`, ...from(address) });
  const { localKey } = application.services;
  const wrongKey = (index: number) => localKey.slice(0, -4) + String(1000 + index);
  assert.equal((await ask(localKey)).status, 200);
  let answers: Answer[] = [];
  const lookedUp = await countStatements(context, application, 'operators_find_key', async () => {
    answers = await times(200, (index) => ask(wrongKey(index)));
  });
  assert.deepEqual(statusesOf(answers), { 401: 5, 429: 195 });
  assert.ok(lookedUp <= 5, String(lookedUp));
  assert.deepEqual(Object.keys(shownLimits(answers.find(({ status }) => status === 429)?.headers as Headers, 429)), ['operator-keys']);
  assert.equal((await ask(localKey)).status, 200);
  assert.equal((await ask(wrongKey(1), '192.0.2.2')).status, 401);

  // This key is used for the first time.
  const { authorization } = await storeOperator(application.query);
  const send = (path: string) => application.send('GET', path, undefined, { authorization, ...from('192.0.2.1') });
  assert.deepEqual(statusesOf(await times(20, (index) => send(index % 2 === 0 ? '/admin/me' : '/metrics'))), { 200: 20 });
  assert.equal((await ask(wrongKey(999))).status, 429);
  await application.query('UPDATE operator_keys SET revoked_at = now()');
  assert.equal((await send('/admin/me')).status, 401);
  assert.equal((await send('/admin/me')).status, 429, 'a key that was revoked is a wrong one');
});

test('text that cannot be an operator key is refused without counting and without a lookup', async (context) => {
  await using application = await openLimited({ operatorKeys: perMinute(5) });
  const sessionId = await beginSignUp(application, await invite(application));
  const shapeless = [
    'Bearer x1',
    `Bearer ${sessionId}`,
    'Basic eDp5',
    `Bearer chodae_key_${'0'.repeat(39)}`,
    `Bearer chodae_key_${'A'.repeat(40)}`,
  ];
  const statements: string[] = [];
  const run = context.mock.method(application.services.database, 'run');
  for (const authorization of [...shapeless, ...shapeless, ...shapeless]) {
    for (const path of ['/admin/me', '/metrics']) {
      const { status } = await application.send('GET', path, undefined, { authorization, ...from('192.0.2.1') });
      assert.equal(status, 401, authorization);
    }
  }
  statements.push(...run.mock.calls.map((call) => call.arguments[0].name));
  run.mock.restore();
  assert.deepEqual(statements, []);
  // The header of a session still works from there.
  const { status } = await application.send('GET', '/auth/register/session', undefined, { ...bearer(sessionId), ...from('192.0.2.1') });
  assert.equal(status, 200);
  const { authorization } = await storeOperator(application.query);
  assert.equal((await application.send('GET', '/admin/me', undefined, { authorization, ...from('192.0.2.1') })).status, 200);
});

test('wrong operator keys are limited on every route that accepts them', async () => {
  await using application = await openLimited({ operatorKeys: perMinute(5) });
  const ask = (path: string, index: number) =>
    application.send('GET', path, undefined, {
      authorization: `Bearer chodae_key_${String(index).padStart(40, '0')}`,
      ...from('192.0.2.1'),
    });
  const answers = await times(20, (index) => ask(index % 2 === 0 ? '/metrics' : '/admin/me', index));
  assert.deepEqual(statusesOf(answers), { 401: 5, 429: 15 });
});

test('a certainly mistyped code is not a guess', async () => {
  await using application = await openLimited({ guesses: { count: 3, seconds: 600 } });
  for (let index = 0; index < 20; index += 1) {
    const { body } = await verifyFrom(application, `203.0.113.${index}`, 'ABCDE-FGHJK-MNPQR');
    assert.equal(body.code, 'invitation_mistyped');
  }
  for (let index = 0; index < 12; index += 1) assert.equal((await verifyFrom(application, '198.51.100.1', '')).status, 422);
});

test('the table of counts has no personal data, and ended windows are swept', async (context) => {
  await using application = await openLimited({});
  if (application.services.database.kind === 'embedded') return context.skip('counts are in memory');
  const sessionId = await beginSignUp(application, await invite(application));
  // One more than the process has for itself.
  for (let times = 0; times < 7; times += 1) {
    await application.send('PUT', '/auth/register/birthday', { session_id: sessionId, birthday: '1990-01-01' }, from('192.0.2.77'));
  }
  const keys = (await application.query<{ key: string }>('SELECT key FROM rate_limits')).map(({ key }) => key);
  assert.equal(keys.length, 3);
  for (const key of keys) assert.match(key, /^(?:verify|sign-up|session):[\w-]{22}$/);
  assert.equal((await sweptWindows.deleteBatch(until(newDeadline(), application.services.database), 100, null)).deleted, 0);
  await application.query('UPDATE rate_limits SET expires_at = now()');
  assert.equal((await sweptWindows.deleteBatch(until(newDeadline(), application.services.database), 100, null)).deleted, 3);
});
