import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type AdminRoute, adminRoutes } from '../support/admin-routes.ts';
import { sampleRequest } from '../support/admin-samples.ts';
import { openApplication } from '../support/application.ts';
import { bulkClient } from '../support/bulk-client.ts';
import { type KeyMade, makeKey } from '../support/operator-scenes.ts';

/** Showing personal data in full writes an audit entry, whatever the route. */
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const phone = '+821083625678';
const digits = '83625678';
let keys: readonly KeyMade[];
let routes: readonly AdminRoute[];
before(async () => {
  routes = await adminRoutes(application);
  keys = [await makeKey(application, 'viewer'), await makeKey(application, 'issuer'), await makeKey(application, 'admin')];
});
const [viewer, issuer] = [() => keys[0] ?? assert.fail(), () => keys[1] ?? assert.fail()];

beforeEach(async () => {
  for (const table of ['"User"', '"Invitation"', 'audit_log', 'idempotency_keys']) await query(`DELETE FROM ${table}`);
  await query(
    `INSERT INTO "Invitation" (id, code, phone, campaign, max_uses, note) VALUES (1001, 'BOUND', $1, 'spring', 3, 'a table'), (1002, 'OPEN', NULL, 'open', 1, NULL)`,
    [phone],
  );
  await query(
    `INSERT INTO "User" (id, name, password, birthday, phone, "invitationId") VALUES (1001, '김하나', 'hash', '1990-01-01', '010-8362-5678', 1001)`,
  );
});

interface Entry {
  readonly action: string;
  readonly subject_id: string | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}
async function entriesOf(work: () => Promise<unknown>): Promise<Entry[]> {
  await query('DELETE FROM audit_log');
  await work();
  return query<Entry>('SELECT action, subject_id, after FROM audit_log ORDER BY id');
}
const list = (text: string, key = issuer()) => key.send('GET', `/admin/invitations?${text}`);

test('every route that shows a number in full writes an entry, even if the request changes nothing', async () => {
  const shown: string[] = [];
  for (const route of routes.filter(({ mediaType }) => mediaType === undefined)) {
    for (const { send } of keys) {
      const { method, path, headers, body } = sampleRequest(route, { id: '1001', campaign: 'spring' });
      // The second time it changes nothing, as does a body without members.
      for (const wanted of [body, body, method === 'PATCH' ? {} : body]) {
        const [before] = await query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM audit_log');
        const response = await send(method, path, wanted, headers);
        const text = JSON.stringify(response.body);
        if (!text.replace(/\D/g, '').includes(digits)) continue;
        const [latest] = await query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM audit_log');
        assert.ok((latest?.id ?? 0) > (before?.id ?? 0), `${method} ${path} showed ${phone} and left no entry`);
        shown.push(`${method} ${route.path}`);
      }
    }
    if (route.method === 'DELETE' || route.method === 'PATCH') {
      await query(`UPDATE "Invitation" SET phone = $1, revoked_at = NULL WHERE id = 1001`, [phone]);
    }
  }
  const routesOf = ['/admin/invitations', '/admin/invitations/{id}', '/admin/users', '/admin/users/{id}'].map((path) => `GET ${path}`);
  const changing = ['PATCH /admin/invitations/{id}', 'POST /admin/invitations/{id}/revoke', 'POST /admin/invitations/{id}/restore'];
  for (const route of [...routesOf, ...changing])
    assert.ok(shown.includes(route), `${route} showed no number: the test looks at the wrong rows`);
});

test('a list of invitations is recorded with its filters and without the text, one invitation by its id', async () => {
  assert.deepEqual(await entriesOf(() => list('campaign=spring&text=bou')), [
    { action: 'invitation.list', subject_id: null, after: { campaign: 'spring', text: 'set', count: 1 } },
  ]);
  assert.deepEqual(await entriesOf(() => list('code=bound')), [
    { action: 'invitation.list', subject_id: null, after: { code: 'set', count: 1 } },
  ]);
  const one = await entriesOf(() => issuer().send('GET', '/admin/invitations/1001'));
  assert.deepEqual(one, [{ action: 'invitation.read', subject_id: '1001', after: null }]);
});

test('reading without full numbers is not recorded', async () => {
  const nothing: (() => Promise<unknown>)[] = [
    () => list('', viewer()),
    () => viewer().send('GET', '/admin/invitations/1001'),
    () => list('campaign=open'),
    () => issuer().send('GET', '/admin/invitations/1002'),
    () => list('text=010-1927-5678'),
    () => issuer().send('PATCH', '/admin/invitations/1001', { note: 'x' }, { 'if-match': '"somebody else\'s"' }),
    () => issuer().send('GET', '/admin/users'),
  ];
  for (const [at, work] of nothing.entries()) assert.deepEqual(await entriesOf(work), [], `the ${at + 1}th`);
});

test('a count that reveals an invited number is recorded, although no invitation is shown', async () => {
  const cursor = Buffer.from('["id",1001]').toString('base64url');
  assert.deepEqual(await entriesOf(() => list(`text=010-8362-5678&cursor=${cursor}`)), [
    { action: 'invitation.list', subject_id: null, after: { text: 'set', count: 0 } },
  ]);
  const users = Buffer.from('[1001]').toString('base64url');
  const admin = keys[2] ?? assert.fail();
  assert.deepEqual(await entriesOf(() => admin.send('GET', `/admin/users?text=010-8362-5678&cursor=${users}`)), [
    { action: 'user.list', subject_id: null, after: { text: 'set', count: 0 } },
  ]);
});

test('an export is recorded for every role, before anything is sent', async () => {
  for (const { key } of keys) {
    const entries = await entriesOf(() => bulkClient(application, key).export('campaign=spring'));
    assert.deepEqual(entries, [{ action: 'invitation.export', subject_id: null, after: { campaign: 'spring', format: 'csv', count: 1 } }]);
  }
});

test('if the entry cannot be written, no number is shown', async () => {
  await using broken = await openApplication({ allow: [/"sqlstate":"23514"/] });
  const { send } = await makeKey(broken, 'issuer');
  await broken.query(`INSERT INTO "Invitation" (code, phone) VALUES ('BOUND', $1)`, [phone]);
  await broken.query('ALTER TABLE audit_log ADD CONSTRAINT spoilt CHECK (false) NOT VALID');
  for (const path of ['/admin/invitations', '/admin/invitations/1']) {
    const { status, body } = await send('GET', path);
    assert.equal(status, 500);
    assert.ok(!JSON.stringify(body).includes(digits));
  }
});
