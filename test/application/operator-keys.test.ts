import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { insist } from '../support/insist.ts';
import { asOperator, itemsOf, makeKey, readPages } from '../support/operator-scenes.ts';
import { tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const local = asOperator(application);
const create = (body: object, headers = {}) => local('POST', '/admin/keys', body, headers);

async function storedKey(id: unknown) {
  const [row] = await query('SELECT * FROM operator_keys WHERE id = $1', [id]);
  assert.ok(row, 'there is no such key');
  return row;
}

test('a key is shown once, works at once, and is stored as a hash only', async () => {
  const { status, body, headers } = await create({ label: '  Kim, marketing ', role: 'issuer' });
  assert.equal(status, 201);
  assert.equal(headers.get('cache-control'), 'no-store');
  const { id, key, created_at, hint } = body as { id: number; key: string; created_at: string; hint: string };
  assert.match(key, /^chodae_key_[0-9a-f]{40}$/);
  assert.deepEqual(body, {
    id,
    label: 'Kim, marketing',
    role: 'issuer',
    hint: `${key.slice(0, 17)}…`,
    created_at,
    created_by: 'local',
    expires_at: null,
    key,
  });
  const me = await asOperator(application, key)('GET', '/admin/me');
  assert.deepEqual(me.body, { key_id: id, label: 'Kim, marketing', role: 'issuer' });

  for (const secret of [key, key.slice('chodae_key_'.length)]) assert.deepEqual(await tablesHolding(application, secret), []);
  assert.equal((await storedKey(id)).key_hash, createHash('sha256').update(key).digest('hex'));
  const listed = itemsOf(await local('GET', '/admin/keys')).find((item) => item.id === id);
  assert.deepEqual(Object.keys(listed ?? {}).sort(), [
    'created_at',
    'created_by',
    'expires_at',
    'hint',
    'id',
    'label',
    'last_used_at',
    'revoked_at',
    'role',
  ]);
  assert.equal(listed?.hint, hint);
});

test('the local key of the machine is an admin without an id', async () => {
  assert.deepEqual((await local('GET', '/admin/me')).body, { key_id: null, label: 'local', role: 'admin' });
});

test('a key that is unknown, expired or revoked is refused at the very next request', async () => {
  const [first, second] = [await makeKey(application, 'admin'), await makeKey(application, 'admin')];
  const me = () => first.send('GET', '/admin/me');
  assert.equal((await me()).status, 200);

  await query('UPDATE operator_keys SET expires_at = now() WHERE id = $1', [first.id]);
  assertRefused(await me(), 401, 'operator_key_invalid');
  await query(`UPDATE operator_keys SET expires_at = now() + interval '1 hour' WHERE id = $1`, [first.id]);
  assert.equal((await me()).status, 200);

  assert.equal((await second.send('POST', `/admin/keys/${first.id}/revoke`)).status, 200);
  assertRefused(await me(), 401, 'operator_key_invalid');
  const unknown = asOperator(application, `${first.key.slice(0, -1)}${first.key.endsWith('0') ? '1' : '0'}`);
  assertRefused(await unknown('GET', '/admin/me'), 401, 'operator_key_invalid');
  assert.equal((await second.send('GET', '/admin/me')).status, 200);
});

test('an admin may revoke their own key, as its last request', async () => {
  const { id, send } = await makeKey(application, 'admin');
  const revoked = await send('POST', `/admin/keys/${id}/revoke`);
  assert.equal(revoked.status, 200);
  assert.equal(revoked.body.id, id);
  assert.match(String(revoked.body.revoked_at), /^\d{4}-\d{2}-\d{2}T/);
  assertRefused(await send('POST', `/admin/keys/${id}/revoke`), 401, 'operator_key_invalid');
});

test('revoking again changes nothing, and revoking an unknown key is a 404', async () => {
  const { id } = await makeKey(application, 'viewer');
  const first = await local('POST', `/admin/keys/${id}/revoke`);
  await query(`UPDATE operator_keys SET revoked_at = revoked_at - interval '1 day' WHERE id = $1`, [id]);
  const again = await local('POST', `/admin/keys/${id}/revoke`);
  assert.equal(again.status, 200);
  assert.equal(Date.parse(String(first.body.revoked_at)) - Date.parse(String(again.body.revoked_at)), 86_400_000);
  assertRefused(await local('POST', '/admin/keys/2147483647/revoke'), 404, 'operator_key_unknown');
  for (const odd of ['0', '-1', '1.5', 'x', '2147483648', '99999999999999999999', '%00', 'null', 'NaN']) {
    assertRefused(await local('POST', `/admin/keys/${odd}/revoke`), 422, 'validation_failed');
  }
});

test('a viewer and an issuer manage no keys and read no audit log', async () => {
  for (const role of ['viewer', 'issuer'] as const) {
    const { send, id } = await makeKey(application, role);
    for (const [method, path, body] of [
      ['GET', '/admin/keys'],
      ['POST', '/admin/keys', { label: 'mine', role: 'admin' }],
      ['POST', `/admin/keys/${id}/revoke`],
      ['GET', '/admin/audit'],
    ] as const) {
      assertRefused(await send(method, path, body), 403, 'role_insufficient');
    }
    assert.equal((await storedKey(id)).revoked_at, null);
    assert.equal((await send('GET', '/admin/me')).status, 200);
  }
});

test("an expiry is a time or a duration by the database's clock", async () => {
  const at = await create({ label: 'a', role: 'viewer', expires_at: '2999-01-31T18:00:00+09:00' });
  assert.deepEqual([at.status, at.body.expires_at], [201, '2999-01-31T09:00:00.000Z']);
  const span = await create({ label: 'b', role: 'viewer', valid_for: '90d' });
  assert.equal(span.status, 201);
  const { expires_at, created_at } = (await storedKey(span.body.id)) as { expires_at: Date; created_at: Date };
  assert.equal(expires_at.getTime() - created_at.getTime(), 90 * 86_400_000);
});

test('an impossible key is refused field by field, and nothing is stored', async () => {
  const before = await query('SELECT count(*) AS keys FROM operator_keys');
  const good = { label: 'x', role: 'viewer' };
  assertInvalid(await create({}), 'label required', 'role required');
  assertInvalid(await create({ label: 1, role: 'owner' }), 'label wrong_type', 'role invalid_value');
  assertInvalid(await create({ ...good, label: ' ' }), 'label label_empty');
  assertInvalid(await create({ ...good, label: '가'.repeat(65) }), 'label label_too_long');
  for (const label of ['a\0', 'a\nb', 'a\u202eb', 'a\ufffe']) assertInvalid(await create({ ...good, label }), 'label label_characters');
  assertInvalid(await create({ ...good, expires_at: 'tomorrow' }), 'expires_at moment_format');
  assertInvalid(await create({ ...good, expires_at: '10000-01-01T00:00:00Z' }), 'expires_at moment_format');
  assertInvalid(await create({ ...good, expires_at: '9999-12-31T23:59:59-01:00' }), 'expires_at moment_range');
  assertInvalid(await create({ ...good, expires_at: '2020-01-01T00:00:00Z' }), 'expires_at moment_past');
  assertInvalid(await create({ ...good, valid_for: '59s' }), 'valid_for duration_range');
  assertInvalid(await create({ ...good, valid_for: '11y' }), 'valid_for duration_range');
  assertInvalid(await create({ ...good, valid_for: '7' }), 'valid_for duration_format');
  assertInvalid(await create({ ...good, valid_for: 7 }), 'valid_for wrong_type');
  assertInvalid(await create({ ...good, valid_for: '7d', expires_at: '2999-01-01T00:00:00Z' }), 'valid_for expiry_twice');
  assertInvalid(await create({ label: '', role: 'viewer', valid_for: 'x' }), 'label label_empty', 'valid_for duration_format');
  assert.deepEqual(await query('SELECT count(*) AS keys FROM operator_keys'), before);
});

test('a repeated Idempotency-Key makes no second key and does not show the first again', async () => {
  const headers = { 'idempotency-key': 'one-key-please' };
  const wanted = { label: 'repeated', role: 'viewer' };
  const first = await create(wanted, headers);
  assert.equal(first.status, 201);
  const again = await create(wanted, headers);
  assertRefused(again, 409, 'key_shown_once');
  assert.equal(again.body.id, first.body.id);
  assert.deepEqual(await tablesHolding(application, String(first.body.key)), []);
  assertRefused(await create({ ...wanted, role: 'admin' }, headers), 422, 'idempotency_key_reused');
  for (const odd of ['', 'x'.repeat(129), 'ÿ'])
    assertRefused(await create(wanted, { 'idempotency-key': odd }), 400, 'idempotency_key_invalid');
  assert.equal((await query('SELECT FROM operator_keys WHERE label = $1', ['repeated'])).length, 1);

  // The key of one operator has no meaning for another one's requests.
  const other = await makeKey(application, 'admin');
  assert.equal((await other.send('POST', '/admin/keys', { ...wanted, label: 'of another' }, headers)).status, 201);
  assert.equal((await local('POST', `/admin/keys/${first.body.id}/revoke`)).status, 200);
  await query(`UPDATE idempotency_keys SET created_at = created_at - interval '24 hours'`);
  assert.equal((await create(wanted, headers)).status, 201);
});

test('a refused request leaves its Idempotency-Key free', async () => {
  const headers = { 'idempotency-key': 'refused at first' };
  assertInvalid(await create({ label: 'late', role: 'viewer', expires_at: '2020-01-01T00:00:00Z' }, headers), 'expires_at moment_past');
  assert.equal((await create({ label: 'late', role: 'viewer' }, headers)).status, 201);
});

test('a hundred parallel requests with one Idempotency-Key make one key', async () => {
  const headers = { 'idempotency-key': 'all together' };
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => insist(() => create({ label: 'together', role: 'viewer' }, headers))),
  );
  const made = answers.filter(({ status }) => status === 201);
  assert.equal(made.length, 1);
  for (const answer of answers) {
    if (answer === made[0]) continue;
    assertRefused(answer, 409, 'key_shown_once');
    assert.equal(answer.body.id, made[0]?.body.id);
  }
  assert.equal((await query('SELECT FROM operator_keys WHERE label = $1', ['together'])).length, 1);
  assert.equal((await query(`SELECT FROM audit_log WHERE subject_id = $1`, [String(made[0]?.body.id)])).length, 1);
});

test('the last use of a key is recorded at most once a minute', async () => {
  const { id, send } = await makeKey(application, 'viewer');
  const lastUsed = async () => (await storedKey(id)).last_used_at as Date | null;
  const use = () => Promise.all(Array.from({ length: 5 }, () => send('GET', '/admin/me')));
  const shift = (seconds: number) =>
    query(`UPDATE operator_keys SET last_used_at = last_used_at - make_interval(secs => $2) WHERE id = $1`, [id, seconds]);
  assert.equal(await lastUsed(), null);
  await use();
  const first = await lastUsed();
  assert.ok(first instanceof Date);
  await use();
  assert.deepEqual(await lastUsed(), first);
  await shift(50);
  await use();
  assert.equal((await lastUsed())?.getTime(), first.getTime() - 50_000);
  await shift(10);
  await use();
  assert.ok(((await lastUsed())?.getTime() ?? 0) >= first.getTime());
});

test('a refused key is not recorded as used', async () => {
  const { id, send } = await makeKey(application, 'viewer');
  await query('UPDATE operator_keys SET revoked_at = now() WHERE id = $1', [id]);
  await send('GET', '/admin/me');
  assert.equal((await storedKey(id)).last_used_at, null);
});

test('the list of keys has pages, newest first', async () => {
  const pages = await readPages(local, '/admin/keys?limit=3');
  const ids = pages.flat().map(({ id }) => id as number);
  const [stored] = await query<{ ids: number[] }>('SELECT array_agg(id ORDER BY id DESC) AS ids FROM operator_keys');
  assert.deepEqual(ids, stored?.ids);
  assert.ok(pages.slice(0, -1).every((page) => page.length === 3));
  for (const odd of ['limit=0', 'limit=501', 'limit=x', 'cursor=x', 'cursor=', 'cursor=WzBd', 'cursor=a&cursor=b']) {
    assertRefused(await local('GET', `/admin/keys?${odd}`), 422, 'validation_failed');
  }
});

test('no key can be called local, in any spelling', async () => {
  const spellings = [
    'local',
    'LOCAL',
    ' Local ',
    'lo cal',
    'ｌｏｃａｌ',
    'lo\u200bcal',
    'lócal',
    'lоcаl',
    '1ocal',
    'l0ca1',
    'Iocal',
    'loc\u{e0061}al',
  ];
  for (const label of spellings) assertInvalid(await create({ label, role: 'viewer' }), 'label label_reserved');
  assert.equal((await create({ label: 'local office', role: 'viewer' })).status, 201);
});

test('usable keys cannot have labels that look alike; revoked and expired keys do not count', async () => {
  const { id } = (await create({ label: 'Lim, markets', role: 'viewer' })).body;
  for (const label of [
    'Lim, markets',
    'LIM,  MARKETS',
    'lim,markets',
    'Ｌｉｍ, markets',
    'Li\u200bm, markets',
    'Lіm, mаrkets',
    'Lím, markets',
  ]) {
    const refused = await create({ label, role: 'viewer' });
    assertRefused(refused, 409, 'key_label_taken');
    assert.equal(refused.body.other_id, id, label);
  }
  assert.equal((await create({ label: 'Lim, markets 2', role: 'viewer' })).status, 201);
  assert.equal((await local('POST', `/admin/keys/${id}/revoke`)).status, 200);
  const again = await create({ label: 'Lim, markets', role: 'viewer', valid_for: '1d' });
  assert.equal(again.status, 201);
  await query(`UPDATE operator_keys SET expires_at = now() WHERE id = $1`, [again.body.id]);
  assert.equal((await create({ label: 'lim, markets', role: 'viewer' })).status, 201);
});

test('of twenty concurrent requests for one label, one creates a key', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => insist(() => create({ label: at % 2 ? 'At Once' : 'at once', role: 'viewer' }))),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array<number>(19).fill(409)]);
});
