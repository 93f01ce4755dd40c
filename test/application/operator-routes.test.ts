import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type AdminRoute, adminRoutes } from '../support/admin-routes.ts';
import { oddRequests, type PathValues, type SampleRequest, sampleRequest } from '../support/admin-samples.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { type KeyMade, makeKey } from '../support/operator-scenes.ts';
import type { Answer } from '../support/sign-up-client.ts';
import { beginSignUp, invite } from '../support/sign-up-scenes.ts';
import { changesBetween, readStored } from '../support/stored-changes.ts';
import { storedInvitation, storedSession, tablesHolding } from '../support/stored-rows.ts';

/** Every operator route, found by asking the router, so that a new one is tested too. */
const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;

let routes: AdminRoute[];
let viewer: KeyMade;
let issuer: KeyMade;
let sessionId: string;
/** An existing value for each path parameter, so that a route without its guard would really change something. */
let existing: PathValues;

before(async () => {
  routes = await adminRoutes(application);
  viewer = await makeKey(application, 'viewer');
  issuer = await makeKey(application, 'issuer');
  // The first use is recorded, and then not for a minute.
  for (const { send } of [viewer, issuer]) assert.equal((await send('GET', '/admin/me')).status, 200);
  await query(`INSERT INTO campaigns (name) VALUES ('spring')`);
  // One number is the id of an invitation, a user and a key, far from those that the program assigns in this test.
  await query(`SELECT setval(pg_get_serial_sequence('"Invitation"', 'id'), 1000000)`);
  const code = await invite(application, { max_uses: '5', campaign: `'spring'` });
  const { userId } = await application.signUp(code);
  sessionId = await beginSignUp(application, code);
  const attempt = String((await storedSession(application, await beginSignUp(application, code)))?.attempt);
  existing = { campaign: 'spring', id: String((await storedInvitation(application, code)).id), attempt };
  await query('UPDATE "User" SET id = $1 WHERE id = $2', [existing.id, userId]);
  const key = 'INSERT INTO operator_keys (id, label, role, key_hash, hint, created_by) VALUES ($1, $2, $3, $4, $5, $6)';
  await query(key, [existing.id, 'a key', 'viewer', 'no hash', '…', 'local']);
});

const which = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const send = ({ method, path, headers, body }: SampleRequest, more: Readonly<Record<string, string>> = {}) =>
  application.send(method, path, body, { ...headers, ...more });
const sendAs = (key: string, request: SampleRequest) => send(request, { authorization: `Bearer ${key}` });

/** An error is a complete problem document, and never a 500. */
function assertClear({ status, headers, body }: Answer, request: SampleRequest): void {
  const what = `${which(request)} ${JSON.stringify(request.body)?.slice(0, 200)} ${JSON.stringify(request.headers)}: ${status} ${body.code}`;
  assert.ok(status < 500, what);
  if (status < 400) return;
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', what);
  assert.equal(body.status, status, what);
  assert.match(String(body.code), /^[a-z_]+$/, what);
  assert.equal(body.type, `/problems/${body.code}`, what);
}

test('the router has the operator routes, and the OpenAPI document describes their input', () => {
  const names = routes.map(which);
  for (const name of ['GET /admin/me', 'POST /admin/keys', 'DELETE /admin/users/{id}'])
    assert.ok(names.includes(name), `${name} is missing in ${names}`);
});

test('without an operator key every request is refused and nothing changes', async () => {
  const stored = await readStored(application);
  const unknown = `chodae_key_${'0'.repeat(40)}`;
  for (const route of routes) {
    const request = sampleRequest(route, existing);
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Bearer' },
      { authorization: `Basic ${unknown}` },
      { cookie: `key=${unknown}` },
    ]) {
      assertRefused(await send(request, headers), 401, 'operator_key_required');
    }
    for (const key of [unknown, sessionId, `${viewer.key}x`, viewer.key.toUpperCase(), 'x'.repeat(8_000)]) {
      const answer = await sendAs(key, request);
      assertRefused(answer, 401, 'operator_key_invalid');
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer', which(request));
    }
    // The body is not read if the client may not send it.
    if (route.body) assertRefused(await send({ ...request, body: '{' }), 401, 'operator_key_required');
    if (route.method !== 'GET') continue;
    assert.equal((await send({ ...request, method: 'HEAD' })).status, 401, which(request));
  }
  assert.deepEqual(changesBetween(stored, await readStored(application)), []);
});

test('a viewer’s key changes nothing', async () => {
  for (const route of routes) {
    const stored = await readStored(application);
    const request = sampleRequest(route, existing);
    const answer = await sendAs(viewer.key, request);
    const changes = changesBetween(stored, await readStored(application));
    if (route.method === 'GET') {
      assertClear(answer, request);
      // Exporting a whole list is worth an entry.
      assert.deepEqual(
        changes.filter((change) => change !== '+audit_log'),
        [],
        which(request),
      );
    } else {
      assertRefused(answer, 403, 'role_insufficient');
      assert.deepEqual(changes, [], which(request));
    }
  }
});

test('an issuer’s key changes no key and no user, and reads no audit log', async () => {
  for (const route of routes) {
    if (!/^\/admin\/(keys|users|audit)\b/.test(route.path)) continue;
    const stored = await readStored(application);
    const request = sampleRequest(route, existing);
    const answer = await sendAs(issuer.key, request);
    if (route.method !== 'GET' || route.path.startsWith('/admin/audit')) assertRefused(answer, 403, 'role_insufficient');
    assert.deepEqual(changesBetween(stored, await readStored(application)), [], which(request));
  }
});

test("the document's examples work for every route", async () => {
  // The campaign and the batch of the examples.
  await application.query(
    `INSERT INTO "Invitation" (code, campaign, batch) VALUES ('OF-THE-EXAMPLES', 'spring', '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10')`,
  );
  for (const route of routes) {
    const request = sampleRequest(route, existing);
    const { status, body } = await sendAs(application.services.localKey, request);
    assert.ok([200, 201].includes(status), `${which(request)}: ${status} ${JSON.stringify(body)}`);
  }
});

test('any admin request is accepted or refused with a problem document, never a 500', async () => {
  for (const route of routes) {
    for (const request of oddRequests(route, existing)) assertClear(await sendAs(application.services.localKey, request), request);
  }
});

/** Names of columns and response members that a client might try to set. */
const hoped = [
  'id',
  'key',
  'key_hash',
  'hint',
  'created_by',
  'created_at',
  'used_by',
  'is_used',
  'use_count',
  'revoked_at',
  'last_used_at',
  'batch',
  'version',
  'planted',
];
const planted = 'pl4nted-by-the-client';

test('unknown members are refused by name and never stored', async () => {
  for (const route of routes) {
    if (!route.body) continue;
    const request = sampleRequest(route, existing);
    const unknown = hoped.filter((name) => !Object.hasOwn(route.body?.properties ?? {}, name));
    const body = { ...(request.body as object), ...Object.fromEntries(unknown.map((name) => [name, planted])) };
    const answer = await sendAs(application.services.localKey, { ...request, body });
    assertClear(answer, request);
    assert.deepEqual(
      answer.body.errors?.map(({ field, code }) => `${field} ${code}`),
      unknown.map((name) => `${name} unknown_field`),
      which(request),
    );
    assert.deepEqual(await tablesHolding(application, planted), [], which(request));
  }
});
