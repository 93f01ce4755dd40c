import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { makeKey } from '../support/operator-scenes.ts';
import { readSamples } from '../support/prometheus-text.ts';
import type { Answer } from '../support/sign-up-client.ts';
import { bearer, beginSignUp, expireSession, invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { storedInvitation, storedSession } from '../support/stored-rows.ts';

interface Item {
  readonly attempt: string;
  readonly invitation_id: number;
  readonly campaign: string | null;
  readonly started_at: string;
  readonly expires_at: string;
  readonly completed_steps: readonly string[];
  readonly remaining_steps: readonly string[];
}
interface Page {
  readonly items: readonly Item[];
  readonly next: string | null;
}
type Query = Readonly<Record<string, string>>;

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

function ask(query: Query = {}): Promise<Answer> {
  return application.send('GET', `/admin/sessions?${new URLSearchParams(query)}`, undefined, bearer(application.services.localKey));
}

async function page(query: Query = {}): Promise<Page> {
  const { status, body } = await ask(query);
  assert.equal(status, 200, JSON.stringify(body));
  return body as unknown as Page;
}

/**
 * @returns every page, one after the other.
 * @param between called after each page.
 */
async function walk(query: Query, between: () => Promise<unknown> = async () => {}): Promise<Page[]> {
  const pages = [await page(query)];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
    await between();
    pages.push(await page({ ...query, cursor: next }));
    assert.ok(pages.length < 1_000, 'the list never ends');
  }
  return pages;
}

/** Creates many live sessions at once, the first one newest; `every` of them share a microsecond. */
async function insertSessions(code: string, count: number, every: number): Promise<void> {
  const { id } = await storedInvitation(application, code);
  await application.query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", created_at)
     SELECT gen_random_uuid()::text, $1, date_trunc('day', now()) - make_interval(secs => 0.000001 * (i / $3))
     FROM generate_series(1, $2::integer) AS i`,
    [id, count, every],
  );
}

/** @returns the live attempts on a code as stored, in the order of the list. */
async function storedAttempts(code: string): Promise<string[]> {
  const rows = await application.query<{ attempt: string }>(
    `SELECT s.attempt FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId"
     WHERE i.code = $1 AND s.expires_at > now() ORDER BY s.created_at DESC, s.attempt DESC`,
    [code],
  );
  return rows.map((row) => row.attempt);
}

test('a sign-up in progress is shown with its progress', async () => {
  const code = await invite(application, { campaign: `'spring'` });
  const { id } = await storedInvitation(application, code);
  const only = { invitation_id: String(id) };
  const { sessionId } = await signUpToLastStep(application, code);
  const started = await beginSignUp(application, code);
  const { items, next } = await page(only);
  const [newer, older] = [await storedSession(application, started), await storedSession(application, sessionId)];
  const moments = (row: typeof newer) => ({
    attempt: row?.attempt,
    invitation_id: id,
    campaign: 'spring',
    started_at: JSON.parse(JSON.stringify(row?.created_at)),
    expires_at: JSON.parse(JSON.stringify(row?.expires_at)),
  });
  assert.deepEqual(items, [
    { ...moments(newer), completed_steps: [], remaining_steps: ['name', 'birthday', 'phone'] },
    { ...moments(older), completed_steps: ['name', 'birthday'], remaining_steps: ['phone'] },
  ]);
  assert.equal(next, null);

  await application.birthday(started, '1990-01-01');
  assert.deepEqual((await page(only)).items[0]?.remaining_steps, ['name', 'phone']);
});

test('completed, abandoned and expired sign-ups are not shown, swept or not', async () => {
  const code = await invite(application, { max_uses: '9', campaign: `'over'` });
  await application.signUp(code);
  await application.send('DELETE', '/auth/register/session', undefined, bearer(await beginSignUp(application, code)));
  await expireSession(application, await beginSignUp(application, code));
  const alive = await storedSession(application, await beginSignUp(application, code));
  assert.deepEqual(
    (await page({ campaign: 'over' })).items.map((item) => item.attempt),
    [alive?.attempt],
  );
});

test('it can be filtered by campaign, invitation, both, and by values that do not exist', async () => {
  const [first, second] = [await invite(application, { campaign: `'both'` }), await invite(application, { campaign: `'both'` })];
  const ids = [(await storedInvitation(application, first)).id, (await storedInvitation(application, second)).id].map(String);
  await beginSignUp(application, first);
  await beginSignUp(application, second);
  const shown = async (query: Query) => (await page(query)).items.map((item) => String(item.invitation_id));
  assert.deepEqual(await shown({ campaign: 'both' }), [ids[1], ids[0]]);
  assert.deepEqual(await shown({ invitation_id: String(ids[0]) }), [ids[0]]);
  assert.deepEqual(await shown({ campaign: 'both', invitation_id: String(ids[1]) }), [ids[1]]);
  assert.deepEqual(await shown({ campaign: 'spring', invitation_id: String(ids[1]) }), []);
  assert.deepEqual(await shown({ campaign: 'no such campaign' }), []);
  assert.deepEqual(await shown({ invitation_id: '2147483647' }), []);
});

for (const limit of [1, 7, 500]) {
  test(`pages of ${limit} have each sign-up once, in order, also those that began in the same microsecond`, async () => {
    const code = await invite(application, { campaign: `'walk-${limit}'` });
    await insertSessions(code, limit === 1 ? 40 : 1_003, 4);
    const stored = await storedAttempts(code);
    const pages = await walk({ campaign: `walk-${limit}`, limit: String(limit) });
    assert.deepEqual(
      pages.flatMap(({ items }) => items.map((item) => item.attempt)),
      stored,
    );
    for (const { items } of pages) assert.ok(items.length <= limit);
  });
}

test('sign-ups that begin and end between pages neither repeat nor hide others', async () => {
  const code = await invite(application, { campaign: `'moving'`, max_uses: '1000' });
  await insertSessions(code, 100, 3);
  const stored = await storedAttempts(code);
  const ended = stored.filter((_, index) => index % 10 === 9);
  let round = 0;
  const pages = await walk({ campaign: 'moving', limit: '8' }, async () => {
    await beginSignUp(application, code);
    await application.query('DELETE FROM "RegisterSession" WHERE attempt = $1', [ended[round++]]);
  });
  const met = pages.flatMap(({ items }) => items.map((item) => item.attempt));
  assert.equal(new Set(met).size, met.length);
  for (const attempt of stored) assert.ok(met.includes(attempt) || ended.includes(attempt));
  for (const attempt of met) assert.ok(stored.includes(attempt), 'what began meanwhile is newer than every page to come');
});

test('the sign-ups of a campaign are found on one page, however many others are between them', async () => {
  await using crowded = await openApplication();
  await crowded.query(`INSERT INTO "Invitation" (code, campaign) VALUES ('rare', 'rare'), ('many', NULL)`);
  await crowded.query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", created_at)
     SELECT i::text, CASE WHEN i IN (1, 12000) THEN 1 ELSE 2 END, now() - make_interval(secs => i) FROM generate_series(1, 12000) AS i`,
  );
  const { body } = await crowded.send('GET', '/admin/sessions?campaign=rare', undefined, bearer(crowded.services.localKey));
  const { items, next } = body as unknown as Page;
  assert.deepEqual([items.length, next], [2, null]);
});

test('an invalid query is refused by field', async () => {
  for (const limit of ['0', '501', '-1', '1.5', 'x']) assertRefused(await ask({ limit }), 422, 'validation_failed');
  for (const invitation_id of ['0', '-1', '2147483648', '1.5', 'x', '1e99'])
    assertRefused(await ask({ invitation_id }), 422, 'validation_failed');
  assertInvalid(await ask({ campaign: 'a\0b' }), 'campaign campaign_characters');
  assertInvalid(await ask({ campaign: '' }), 'campaign campaign_empty');
  const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const attempt = '0b0e8a3c-6d0a-4d0e-9d62-3f1f5c0d7a11';
  for (const value of [[1], [1, 'x'], [0, attempt], [-1, attempt], [1.5, attempt], [2 ** 60, attempt], [attempt, 1], [1, attempt, 1], {}]) {
    assertInvalid(await ask({ cursor: cursor(value) }), 'cursor cursor_invalid');
  }
  assertInvalid(await ask({ cursor: 'x' }), 'cursor cursor_invalid');
  for (const value of [1, Number.MAX_SAFE_INTEGER]) assert.equal((await ask({ cursor: cursor([value, attempt]) })).status, 200);
});

test('any query is answered or refused, never a 500', async () => {
  const odd = fc.string({ unit: 'binary', maxLength: 60 });
  const cursors = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));
  const query = fc.record({ campaign: odd, invitation_id: odd, limit: odd, cursor: fc.oneof(odd, cursors) }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(query, async (asked) => {
      const { status } = await ask(asked);
      assert.ok([200, 422].includes(status), String(status));
    }),
    { numRuns: 200 },
  );
});

const end = (attempt: string, key = application.services.localKey) =>
  application.send('DELETE', `/admin/sessions/${encodeURIComponent(attempt)}`, undefined, bearer(key));
const attemptOf = async (sessionId: string) => String((await storedSession(application, sessionId))?.attempt);

test('an operator ends a sign-up: its data is deleted, its seat is free, and the audit log records it', async () => {
  const code = await invite(application, { max_uses: '2' });
  const { id } = await storedInvitation(application, code);
  const issuer = await makeKey(application, 'issuer');
  const { sessionId, person } = await signUpToLastStep(application, code);
  await beginSignUp(application, code);
  assertRefused(await application.verify(code), 409, 'invitation_full');
  const attempt = await attemptOf(sessionId);
  const ended = await end(attempt, issuer.key);
  assert.deepEqual([ended.status, ended.body], [200, { ended: true, attempt, invitation_id: id }]);
  assert.equal(await storedSession(application, sessionId), undefined);
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');
  assert.equal((await application.signUp(code)).answer.status, 200);

  const [entry] = await application.query(
    'SELECT key_id, action, subject, subject_id, before, after FROM audit_log ORDER BY id DESC LIMIT 1',
  );
  const before = { invitation_id: id, completed_steps: ['name', 'birthday'] };
  assert.deepEqual(entry, { key_id: issuer.id, action: 'sign_up.end', subject: 'sign_up', subject_id: attempt, before, after: null });
});

test('an operator frees the seats of an invitation that are held without a step, or all of them', async () => {
  const code = await invite(application, { max_uses: '3' });
  const { id } = await storedInvitation(application, code);
  const issuer = await makeKey(application, 'issuer');
  const release = (query: string, key = issuer.key) => application.send('DELETE', `/admin/sessions?${query}`, undefined, bearer(key));
  const elsewhere = await beginSignUp(application, await invite(application, { max_uses: '2' }));
  const { sessionId, person } = await signUpToLastStep(application, code);
  for (let times = 0; times < 2; times += 1) await beginSignUp(application, code);
  assertRefused(await application.verify(code), 409, 'invitation_full');
  const released = await release(`invitation_id=${id}`);
  assert.deepEqual([released.status, released.body], [200, { ended: 2, invitation_id: id }]);
  assert.equal((await application.verify(code)).status, 200, 'a seat is free');
  assert.notEqual(await storedSession(application, sessionId), undefined, 'a step was stored');

  assert.deepEqual((await release(`invitation_id=${id}&with_steps=true`)).body, { ended: 2, invitation_id: id });
  assertRefused(await application.phone(sessionId, person.phone), 404, 'session_not_found');
  assert.deepEqual((await release(`invitation_id=${id}&with_steps=true`)).body, { ended: 0, invitation_id: id }, 'nothing is left');
  assert.notEqual(await storedSession(application, elsewhere), undefined, 'other invitations keep theirs');
  assert.equal((await release(`invitation_id=${id}`, (await makeKey(application, 'viewer')).key)).status, 403);
  assertInvalid(await release(''), 'invitation_id required');

  const entries = await application.query(
    `SELECT key_id, subject, subject_id, after FROM audit_log WHERE action = 'sign_up.release' ORDER BY id`,
  );
  const entry = (after: object) => ({ key_id: issuer.id, subject: 'invitation', subject_id: String(id), after });
  assert.deepEqual(entries, [entry({ ended: 2, with_steps: false }), entry({ ended: 2, with_steps: true })]);
});

test('ending an unknown or ended sign-up changes nothing and writes no audit entry', async () => {
  const code = await invite(application, { max_uses: '9' });
  const completed = await signUpToLastStep(application, code);
  const expired = await beginSignUp(application, code);
  const twice = await attemptOf(await beginSignUp(application, code));
  const attempts = [await attemptOf(completed.sessionId), await attemptOf(expired), twice, '0b0e8a3c-6d0a-4d0e-9d62-3f1f5c0d7a11'];
  assert.equal((await application.phone(completed.sessionId, completed.person.phone)).status, 200);
  await expireSession(application, expired);
  assert.equal((await end(twice)).status, 200);
  const entries = () => application.query('SELECT count(*) AS entries FROM audit_log');
  const before = await entries();
  for (const attempt of attempts) assertRefused(await end(attempt), 404, 'sign_up_unknown');
  for (const odd of [completed.sessionId, '1', 'x', '%', "'", `${twice}x`]) assertRefused(await end(odd), 422, 'validation_failed');
  assert.deepEqual(await entries(), before);
  assert.equal((await application.phone(completed.sessionId, completed.person.phone)).status, 200);
});

test('a viewer ends nothing', async () => {
  const viewer = await makeKey(application, 'viewer');
  const sessionId = await beginSignUp(application, await invite(application));
  assertRefused(await end(await attemptOf(sessionId), viewer.key), 403, 'role_insufficient');
  assert.ok(await storedSession(application, sessionId));
});

test('the funnel counts a sign-up that was ended or taken over as expired', async () => {
  const code = await invite(application, { max_uses: '3', campaign: `'ended'` });
  const [first, , third] = [
    await beginSignUp(application, code),
    await beginSignUp(application, code),
    await beginSignUp(application, code),
  ];
  await end(await attemptOf(third));
  await application.query(`UPDATE "RegisterSession" SET network_key = 'other' WHERE "sessionId" = $1`, [first]);
  const operator = bearer(application.services.localKey);
  const { body } = await application.send('GET', '/admin/funnel?campaign=ended&by=none', undefined, operator);
  const { verified, expired, abandoned, under_way } = body.totals as Record<string, number>;
  assert.deepEqual([verified, expired, abandoned, under_way], [3, 1, 0, 2]);
});

test('held seats without a step are shown in the invitation and as a metric', async () => {
  const code = await invite(application, { max_uses: '5' });
  const { id } = await storedInvitation(application, code);
  const operator = bearer(application.services.localKey);
  const seen = async () => {
    const { body } = await application.send('GET', `/admin/invitations/${id}`, undefined, operator);
    const { held, held_without_step } = body.seats as Record<string, number>;
    return [held, held_without_step];
  };
  const gauge = async () =>
    readSamples(await application.services.metrics.registry.metrics()).get('chodae_seats_held_without_step') ?? assert.fail('no gauge');
  const before = await gauge();
  const sessions = [await beginSignUp(application, code), await beginSignUp(application, code), await beginSignUp(application, code)];
  assert.deepEqual(await seen(), [3, 3]);
  assert.equal((await gauge()) - before, 3);
  await application.birthday(String(sessions[0]), '1990-01-01');
  assert.deepEqual(await seen(), [3, 2]);
  await expireSession(application, String(sessions[1]));
  assert.deepEqual(await seen(), [2, 1]);
  assert.equal((await gauge()) - before, 1);
  // A single-use invitation holds no seats.
  const single = await invite(application);
  await beginSignUp(application, single);
  assert.equal((await gauge()) - before, 1);
});

test('without the database the scrape skips the metric and does not wait', async (context) => {
  context.mock.method(application.services.database, 'run', () => Promise.reject(new Error('gone')));
  const samples = readSamples(await application.services.metrics.registry.metrics());
  assert.equal(samples.has('chodae_seats_held_without_step'), false);
  assert.ok(samples.has('chodae_hash_queue_waiting'));
  context.mock.restoreAll();
  context.mock.method(application.services.database, 'run', () => new Promise(() => {}));
  assert.equal(readSamples(await application.services.metrics.registry.metrics()).has('chodae_seats_held_without_step'), false);
});

test('it requires a key', async () => {
  assertRefused(await application.send('GET', '/admin/sessions'), 401, 'operator_key_required');
});

test('it contains no personal data, code or session id', async () => {
  const code = await invite(application, { campaign: `'private'`, note: `'for Hong'`, phone: `'+821012345678'` });
  const { sessionId, person } = await signUpToLastStep(application, code, { birthday: '1987-06-05' });
  const stored = await storedSession(application, sessionId);
  const { items } = await page({ campaign: 'private' });
  assert.equal(items.length, 1);
  const text = JSON.stringify(items);
  for (const secret of [sessionId, code, person.name, person.birthday, String(stored?.password), 'Hong', '1012345678']) {
    assert.equal(text.includes(secret), false);
  }
});
