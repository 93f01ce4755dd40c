import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { asOperator, itemsOf, type KeyMade, makeKey, readPages } from '../support/operator-scenes.ts';
import type { samplePerson } from '../support/sign-up-client.ts';
import { invite } from '../support/sign-up-scenes.ts';
import { storedInvitation } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const admin = asOperator(application);
let viewer: KeyMade;
let issuer: KeyMade;
before(async () => {
  viewer = await makeKey(application, 'viewer');
  issuer = await makeKey(application, 'issuer');
});
beforeEach(async () => {
  for (const table of ['"User"', '"Invitation"', 'audit_log']) await query(`DELETE FROM ${table}`);
});

interface Item {
  readonly id: number;
  readonly name: string;
  readonly phone: string;
  readonly created_at: string | null;
  readonly invitation: object | null;
}

/**
 * Signs a person up.
 * @returns the person with the ids of the user and the invitation.
 */
async function join(overrides: Parameters<typeof samplePerson>[0] = {}, columns: Readonly<Record<string, string>> = {}) {
  const code = await invite(application, columns);
  const { userId, person } = await application.signUp(code, overrides);
  assert.ok(userId !== undefined, 'the sign-up failed');
  return { id: userId, person, code, invitationId: (await storedInvitation(application, code)).id as number };
}

/** Inserts users directly. */
const insertUser = (columns: Readonly<Record<string, unknown>>) => {
  const row = { name: 'Kim', password: 'hash', birthday: '1990-01-01', phone: '010-0000-0000', invitationId: 1, ...columns };
  const names = Object.keys(row);
  const sql = `INSERT INTO "User" (${names.map((name) => `"${name}"`).join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`;
  return query(sql, Object.values(row));
};
const found = async (asked: Record<string, string>, send = admin) =>
  itemsOf<Item>(await send('GET', `/admin/users?${new URLSearchParams(asked)}`)).map(({ id }) => id);

test('the list has each user with their invitation, newest first', async () => {
  const first = await join({ name: '<b>O’Brien</b> & "co"' }, { campaign: `'봄 행사'` });
  const second = await join({ name: '홍길동' });
  const answer = await admin('GET', '/admin/users');
  assert.deepEqual(
    itemsOf<Item>(answer).map(({ created_at: _, ...item }) => item),
    [
      {
        id: second.id,
        name: '홍길동',
        phone: second.person.phone,
        invitation: { id: second.invitationId, code: second.code, campaign: null },
      },
      {
        id: first.id,
        name: '<b>O’Brien</b> & "co"',
        phone: first.person.phone,
        invitation: { id: first.invitationId, code: first.code, campaign: '봄 행사' },
      },
    ],
  );
  assert.ok(itemsOf<Item>(answer).every(({ created_at }) => Math.abs(Date.parse(created_at ?? '') - Date.now()) < 600_000));
  assert.deepEqual([answer.body.next, answer.body.total], [null, { value: 2, relation: 'exact' }]);
});

test('phone numbers are masked for all but admins, and only admins see birthdays', async () => {
  const { id, person } = await join({ phone: '+82 10 2345 6789', birthday: '1957-03-19' });
  for (const { send } of [viewer, issuer]) {
    const [listed] = itemsOf<Item>(await send('GET', '/admin/users'));
    assert.equal(listed?.phone, '010-****-6789');
    const { status, body } = await send('GET', `/admin/users/${id}`);
    assert.equal(status, 200);
    assert.deepEqual([body.name, body.phone, body.birthday], [person.name, '010-****-6789', null]);
    assertRefused(await send('GET', '/admin/users/export'), 403, 'role_insufficient');
    assertRefused(await send('DELETE', `/admin/users/${id}`), 403, 'role_insufficient');
  }
  const { body } = await admin('GET', `/admin/users/${id}`);
  assert.deepEqual([body.phone, body.birthday], ['+82 10 2345 6789', '1957-03-19']);
  assert.deepEqual(Object.keys(body).sort(), ['birthday', 'created_at', 'id', 'invitation', 'name', 'phone']);
  const [listed] = itemsOf<Item>(await admin('GET', '/admin/users'));
  assert.deepEqual(Object.keys(listed ?? {}).sort(), ['created_at', 'id', 'invitation', 'name', 'phone']);
});

test('reading personal data in full is recorded, reading masked data is not', async () => {
  const { id, person } = await join();
  const entries = () =>
    query<{ action: string; subject_id: string | null; after: unknown }>('SELECT action, subject_id, after FROM audit_log ORDER BY id');
  await viewer.send('GET', '/admin/users');
  await viewer.send('GET', `/admin/users/${id}`);
  await admin('GET', '/admin/users/2147483647');
  assert.deepEqual(await entries(), []);
  await admin('GET', `/admin/users/${id}`);
  await admin('GET', `/admin/users?${new URLSearchParams({ text: person.phone, created_from: '2020-01-01T00:00:00Z' })}`);
  await admin('GET', '/admin/users?text=nobody');
  assert.deepEqual(await entries(), [
    { action: 'user.read', subject_id: String(id), after: null },
    { action: 'user.list', subject_id: null, after: { created_from: '2020-01-01T00:00:00Z', text: 'set', count: 1 } },
  ]);
});

test('a user of a deleted invitation, or of the original program, is shown as far as known', async () => {
  await insertUser({ id: 70_001, name: 'two\nlines', phone: 'call me', invitationId: 987_654, created_at: null });
  const { status, body } = await viewer.send('GET', '/admin/users/70001');
  assert.equal(status, 200);
  assert.deepEqual(body, { id: 70_001, name: 'two\nlines', phone: '****', birthday: null, created_at: null, invitation: null });
  assert.deepEqual(await found({ created_from: '1970-01-01T00:00:00Z' }), [], 'the time is unknown');
});

test('an unknown user is a 404, and an impossible id a 422', async () => {
  for (const method of ['GET', 'DELETE']) {
    assertRefused(await admin(method, '/admin/users/2147483647'), 404, 'user_unknown');
    for (const odd of ['0', '-1', 'x', '1.5', '2147483648', '%00', 'null']) {
      assertRefused(await admin(method, `/admin/users/${odd}`), 422, 'validation_failed');
    }
  }
});

test('users are found by invitation, campaign, a part of the name, and time, and all of these together', async () => {
  const invitation = async (columns: Record<string, string>) =>
    (await storedInvitation(application, await invite(application, columns))).id;
  const [spring, autumn] = [await invitation({ campaign: `'봄'`, max_uses: '9' }), await invitation({ campaign: `'가을'`, max_uses: '9' })];
  await insertUser({ id: 1, name: '홍길동', invitationId: spring, created_at: '2026-01-01T00:00:00Z' });
  await insertUser({ id: 2, name: '홍길순', invitationId: autumn, created_at: '2026-01-02T00:00:00Z' });
  await insertUser({ id: 3, name: 'Ada Lovelace', invitationId: spring, created_at: '2026-01-03T00:00:00Z' });
  await insertUser({ id: 4, name: '100%_sure', invitationId: autumn, created_at: '2026-01-04T00:00:00Z' });
  assert.deepEqual(await found({ invitation_id: String(spring) }), [3, 1]);
  assert.deepEqual(await found({ campaign: '가을'.normalize('NFD') }), [4, 2]);
  assert.deepEqual(await found({ text: '홍길' }), [2, 1]);
  assert.deepEqual(await found({ text: '길' }), [2, 1]);
  assert.deepEqual(await found({ text: 'ADA' }), [3]);
  assert.deepEqual(await found({ text: '%' }), [4]);
  assert.deepEqual(await found({ text: '__' }), []);
  assert.deepEqual(await found({ text: '100%_' }), [4]);
  assert.deepEqual(await found({ created_from: '2026-01-02T00:00:00Z', created_to: '2026-01-04T09:00:00+09:00' }), [3, 2]);
  assert.deepEqual(await found({ invitation_id: String(spring), campaign: '봄', text: '홍', created_to: '2026-01-02T00:00:00Z' }), [1]);
  assert.deepEqual(await found({ invitation_id: String(spring), campaign: '가을' }), []);
  assert.deepEqual(await found({ invitation_id: '2147483647' }), []);
});

test('a person is found by a part of the name, with or without spaces, however it is stored', async () => {
  const stored = ['홍길동', '홍 길동', '홍\u00a0길동', '홍\u3000길동', '홍\u200b길동', '홍길동'.normalize('NFD'), ' 홍길동\r'];
  for (const [place, name] of stored.entries()) await insertUser({ id: place + 1, name });
  await insertUser({ id: 21, name: '고길동이' });
  await insertUser({ id: 22, name: 'Anna Maria van Dyk' });
  await insertUser({ id: 23, name: 'ANNAMARIA' });
  const all = [7, 6, 5, 4, 3, 2, 1];
  for (const text of ['홍 길동', '홍길동', ' 홍길동 ', '홍\u00a0길동', '홍 길 동', '홍\u200b길동', '홍길동'.normalize('NFD')])
    assert.deepEqual(await found({ text }), all, JSON.stringify(text));
  assert.deepEqual(await found({ text: '길동' }), [21, ...all]);
  assert.deepEqual(await found({ text: '길' }), [21, ...all]);
  for (const text of ['anna maria', 'annamaria', 'NAMAR', 'a m']) assert.deepEqual(await found({ text }), [23, 22], text);
  for (const text of ['maria van', 'vandyk', 'dyk']) assert.deepEqual(await found({ text }), [22], text);
  for (const text of ['홍동', '길홍', '동홍길동', 'anna dyk', '이고', 'dykk']) assert.deepEqual(await found({ text }), [], text);
  assert.deepEqual(await found({ text: '길동' }, viewer.send), [21, ...all]);
});

test('only admins find a person by four or more digits of the number, in any notation', async () => {
  await insertUser({ id: 1, phone: '010-2345-6789' });
  await insertUser({ id: 2, phone: '+82 (0)10 2345.6789' });
  await insertUser({ id: 3, phone: '010-2345-6780' });
  await insertUser({ id: 4, phone: '０１０–２３４５–６７８１' });
  await insertUser({ id: 5, phone: '01067892345' });
  await insertUser({ id: 6, phone: 'call me' });
  await insertUser({ id: 7, phone: '010\u00a07777\u00a01234' });
  await insertUser({ id: 8, phone: '\u202a010\u20117777\u20111234\u202c' });
  for (const text of ['010-2345-6789', '01023456789', '+82 10-2345-6789', ' 010 2345 6789 ', '２３４５–６７８９', '2345-6789'])
    assert.deepEqual(await found({ text }), [2, 1], text);
  assert.deepEqual(await found({ text: '6789' }), [5, 2, 1]);
  for (const text of ['77771234', '010-7777-1234', '7712', '1234']) assert.deepEqual(await found({ text }), [8, 7], text);
  for (const text of ['2345-678', '010-2345-67', '+82 10 2345 678', '345678', '"2345678"'])
    assert.deepEqual(await found({ text }), [4, 3, 2, 1], text);
  for (const text of ['678', '45', '9999', '67890', '010-2345-6788', '+', '2345a']) assert.deepEqual(await found({ text }), [], text);
  for (const text of ['010-2345-6789', '010-2345-6780', '6789', '+82 10', 'call me'])
    assert.deepEqual(await found({ text }, viewer.send), [], text);
});

const onServer = application.services.database.kind === 'postgresql' ? false : 'the embedded database plans as PostgreSQL does';

test('among 100,000 users a part of a name and of a number are found through the index', { skip: onServer }, async (context) => {
  await query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId")
     SELECT chr(44032 + n % 500) || chr(45000 + n % 307) || chr(46000 + n % 211), 'x', '1990-01-01', '010-' || lpad((n % 9973)::text, 4, '0') || '-' || lpad((n % 9967)::text, 4, '0'), 1
     FROM generate_series(1, 100000) AS n`,
  );
  await query('ANALYZE "User"');
  const run = context.mock.method(application.services.users.database, 'run');
  await found({ text: '4756' });
  const look = run.mock.calls.map((call) => call.arguments[0]).find(({ name }) => name === 'users_search_digits');
  run.mock.restore();
  await query('SET plan_cache_mode = force_generic_plan');
  await query(`PREPARE look AS ${look?.text}`);
  const plan = (await query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE look ('4756', '4756')`))
    .map((line) => line['QUERY PLAN'])
    .join('\n');
  assert.equal(plan.split('Bitmap Index Scan on "User_search_idx"').length - 1, 2, plan);
  assert.doesNotMatch(plan, /Seq Scan/);
});

test('pages have every user once, and the total counts to 1,000 unless a full count is requested', async () => {
  await query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId") SELECT 'user ' || n, 'hash', '1990-01-01', '010-0000-0000', 1 FROM generate_series(1, 1001) n`,
  );
  const pages = await readPages<Item>(viewer.send, '/admin/users?limit=400');
  assert.deepEqual(
    pages.map((page) => page.length),
    [400, 400, 201],
  );
  assert.equal(new Set(pages.flat().map(({ id }) => id)).size, 1_001);
  const totalOf = async (asked: string) => (await viewer.send('GET', `/admin/users?limit=1${asked}`)).body.total;
  assert.deepEqual(await totalOf(''), { value: 1_000, relation: 'at_least' });
  assert.deepEqual(await totalOf('&total=exact'), { value: 1_001, relation: 'exact' });
  assert.deepEqual(await totalOf('&total=none'), null);
  assert.deepEqual(await totalOf('&text=user+100'), { value: 3, relation: 'exact' });
  assert.deepEqual(await totalOf('&total=exact&invitation_id=1&text=user+10'), { value: 13, relation: 'exact' });
});

test('a rare user far back is found on the first page', async () => {
  await insertUser({ id: 7, name: '홍길동' });
  await insertUser({ id: 2_400_000, name: 'another' });
  const answer = await viewer.send('GET', '/admin/users?text=%ED%99%8D');
  assert.deepEqual(
    [itemsOf(answer).map(({ id }) => id), answer.body.next, answer.body.total],
    [[7], null, { value: 1, relation: 'exact' }],
  );
  await insertUser({ id: 2_400_001, invitationId: 2 });
  assert.deepEqual(await found({ invitation_id: '1' }), [2_400_000, 7]);
});

test('an impossible filter is refused', async () => {
  const numbers = ['invitation_id=0', 'invitation_id=x', 'invitation_id=2147483648', 'limit=0', 'limit=501', 'total=all', 'total='];
  const texts = [
    'text=',
    'text=%00',
    'text=a%01b',
    'campaign=a%0ab',
    `text=${'x'.repeat(257)}`,
    'campaign=',
    'campaign=%EF%BF%BE',
    'text=a&text=b',
  ];
  const moments = [
    'created_from=yesterday',
    'created_to=2026-02-30',
    'created_from=%2B275760-09-13T00:00:00Z',
    'created_to=10000-01-01T00:00:00Z',
  ];
  for (const odd of [...numbers, ...texts, ...moments, 'cursor=x']) {
    assertRefused(await viewer.send('GET', `/admin/users?${odd}`), 422, 'validation_failed');
  }
});
