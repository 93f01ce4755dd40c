import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { asOperator, itemsOf, makeKey, readPages } from '../support/operator-scenes.ts';

/** A test that makes writing an entry fail. */
const application = await openApplication({ allow: [/"sqlstate":"23514"/] });
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const local = asOperator(application);
const read = async (asked = '') => itemsOf(await local('GET', `/admin/audit${asked}`));

beforeEach(() => query('TRUNCATE audit_log RESTART IDENTITY'));

/** Inserts entries directly, one per row. */
async function record(...rows: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  for (const row of rows) {
    const entry: Record<string, unknown> = { operator: 'somebody', action: 'sample.action', subject: 'invitation', ...row };
    const names = Object.keys(entry);
    const places = names.map((_, index) => `$${index + 1}`);
    await query(`INSERT INTO audit_log (${names.join(', ')}) VALUES (${places.join(', ')})`, Object.values(entry));
  }
}

test('creating a key is recorded: who, when, from where, in which request, with which result, and no secret', async () => {
  const admin = await makeKey(application, 'admin', 'the admin');
  await query('TRUNCATE audit_log RESTART IDENTITY');
  const made = await admin.send('POST', '/admin/keys', { label: 'a new one', role: 'viewer', expires_at: '2999-01-01T00:00:00Z' });
  const [entry, ...more] = await read();
  assert.deepEqual(more, []);
  const { at, ...rest } = entry ?? {};
  assert.ok(Math.abs(Date.parse(String(at)) - Date.parse(String(made.body.created_at))) < 30_000);
  assert.deepEqual(rest, {
    id: 1,
    key_id: admin.id,
    operator: 'the admin',
    action: 'operator_key.create',
    subject: 'operator_key',
    subject_id: String(made.body.id),
    before: null,
    after: { label: 'a new one', role: 'viewer', expires_at: '2999-01-01T00:00:00.000Z' },
    request_id: made.headers.get('x-request-id'),
    origin: '127.0.0.1',
  });
  assert.ok(!JSON.stringify(await query('SELECT * FROM audit_log')).includes(String(made.body.key).slice(-40)));
});

test('revoking a key is recorded once, however often it is requested', async () => {
  const { id } = await makeKey(application, 'viewer');
  await query('TRUNCATE audit_log RESTART IDENTITY');
  const revoked = await local('POST', `/admin/keys/${id}/revoke`);
  await local('POST', `/admin/keys/${id}/revoke`);
  const entries = await read();
  assert.equal(entries.length, 1);
  const { action, key_id, operator, subject_id, before, after: now } = entries[0] ?? {};
  assert.deepEqual(
    { action, key_id, operator, subject_id, before, now },
    {
      action: 'operator_key.revoke',
      key_id: null,
      operator: 'local',
      subject_id: String(id),
      before: { revoked_at: null },
      now: { revoked_at: revoked.body.revoked_at },
    },
  );
});

test('a refused request is not recorded', async () => {
  const viewer = await makeKey(application, 'viewer');
  await query('TRUNCATE audit_log RESTART IDENTITY');
  await local('POST', '/admin/keys', { label: 'x', role: 'viewer', expires_at: '2001-01-01T00:00:00Z' });
  await local('POST', '/admin/keys', { label: '', role: 'viewer' });
  await local('POST', '/admin/keys/2147483647/revoke');
  await viewer.send('POST', '/admin/keys', { label: 'x', role: 'viewer' });
  assert.deepEqual(await read(), []);
});

test('if the entry cannot be written, nothing is changed', async () => {
  const { id, send } = await makeKey(application, 'viewer');
  await query('ALTER TABLE audit_log ADD CONSTRAINT spoilt CHECK (false) NOT VALID');
  try {
    assert.equal((await local('POST', `/admin/keys/${id}/revoke`)).status, 500);
    assert.equal((await local('POST', '/admin/keys', { label: 'never made', role: 'viewer' })).status, 500);
  } finally {
    await query('ALTER TABLE audit_log DROP CONSTRAINT spoilt');
  }
  assert.equal((await send('GET', '/admin/me')).status, 200);
  assert.deepEqual(await query(`SELECT FROM operator_keys WHERE label = 'never made'`), []);
});

test('the filters of the log can be combined', async () => {
  await record(
    { subject: 'invitation', subject_id: '7', action: 'invitation.revoke', key_id: 1, at: '2026-01-01T00:00:00Z' },
    { subject: 'invitation', subject_id: '7', action: 'invitation.restore', key_id: 2, at: '2026-01-02T00:00:00Z' },
    { subject: 'campaign', subject_id: '봄 행사', action: 'campaign.revoke', key_id: 1, at: '2026-01-03T00:00:00Z' },
    { subject: 'user', subject_id: '7', action: 'user.delete', at: '2026-01-04T00:00:00Z' },
  );
  const ids = async (asked: Record<string, string>) => (await read(`?${new URLSearchParams(asked)}`)).map(({ id }) => id);
  assert.deepEqual(await ids({}), [4, 3, 2, 1]);
  assert.deepEqual(await ids({ subject: 'invitation' }), [2, 1]);
  assert.deepEqual(await ids({ subject_id: '7' }), [4, 2, 1]);
  assert.deepEqual(await ids({ subject: 'campaign', subject_id: '봄 행사' }), [3]);
  assert.deepEqual(await ids({ action: 'invitation.restore' }), [2]);
  assert.deepEqual(await ids({ key_id: '1' }), [3, 1]);
  assert.deepEqual(await ids({ key_id: '0' }), [4]);
  assert.deepEqual(await ids({ key_id: '1', subject: 'invitation', action: 'invitation.revoke' }), [1]);
  assert.deepEqual(await ids({ key_id: '1', subject: 'invitation', action: 'invitation.restore' }), []);
  assert.deepEqual(await ids({ from: '2026-01-02T00:00:00Z' }), [4, 3, 2], 'the first moment belongs to it');
  assert.deepEqual(await ids({ to: '2026-01-03T09:00:00+09:00' }), [2, 1], 'the last does not');
  assert.deepEqual(await ids({ from: '2026-01-02T00:00:00Z', to: '2026-01-04T00:00:00Z', subject: 'campaign' }), [3]);
  assert.deepEqual(await ids({ from: '2030-01-01T00:00:00Z' }), []);
});

test('an impossible filter is refused', async () => {
  const numbers = ['key_id=-1', 'key_id=2147483648', 'key_id=x', 'key_id=1&key_id=2', 'limit=0', 'limit=501'];
  const texts = ['subject=secret', 'subject=', 'subject_id=%00', 'action=%0a', `subject_id=${'x'.repeat(257)}`, 'subject_id=%EF%BF%BE'];
  const moments = ['from=yesterday', 'to=2026-02-30', 'from=', 'from=%2B275760-09-13T00:00:00Z', 'to=10000-01-01T00:00:00Z'];
  const cursors = ['cursor=x', 'cursor=WzFd.', `cursor=${Buffer.from('[9007199254740993]').toString('base64url')}`, 'cursor=bnVsbA'];
  for (const odd of [...numbers, ...texts, ...moments, ...cursors]) {
    assertRefused(await local('GET', `/admin/audit?${odd}`), 422, 'validation_failed');
  }
  assertRefused(await local('GET', '/admin/audit?planted=1'), 422, 'validation_failed');
});

test('pages have every entry once, the newest first, while others are added', async () => {
  await query(`INSERT INTO audit_log (operator, action, subject) SELECT 'x', 'sample.action', 'user' FROM generate_series(1, 7)`);
  const first = await local('GET', '/admin/audit?limit=3&subject=user');
  await record({ subject: 'user' });
  const second = await local('GET', `/admin/audit?limit=3&subject=user&cursor=${first.body.next}`);
  const third = await local('GET', `/admin/audit?limit=3&subject=user&cursor=${second.body.next}`);
  assert.deepEqual(
    [first, second, third].map((answer) => itemsOf(answer).map(({ id }) => id)),
    [[7, 6, 5], [4, 3, 2], [1]],
  );
  assert.equal(third.body.next, null);
});

test('a rare entry far back is found on the first page', async () => {
  await record({ id: 5, action: 'sample.rare' }, { id: 2_400_000, action: 'sample.usual' }, { id: 2_400_001, action: 'sample.usual' });
  const answer = await local('GET', '/admin/audit?action=sample.rare');
  assert.deepEqual([itemsOf(answer).map(({ id }) => id), answer.body.next], [[5], null]);
  assert.equal((await readPages(local, '/admin/audit')).flat().length, 3);
});
