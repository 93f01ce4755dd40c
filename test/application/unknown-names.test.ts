import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type AdminRoute, adminRoutes, type JsonSchema } from '../support/admin-routes.ts';
import { sampleRequest } from '../support/admin-samples.ts';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import { asOperator } from '../support/operator-scenes.ts';
import { everything } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());

const operator = asOperator(application);
const routes = await adminRoutes(application);
const nameOf = ({ method, path }: AdminRoute) => `${method} ${path}`;
const unknown = 'shoe_size';

async function send(route: AdminRoute, query: string, body: unknown) {
  const { method, path, headers } = sampleRequest(route, {});
  return operator(method, `${path}${path.includes('?') ? query.replace('?', '&') : query}`, body, headers);
}

/** Every schema below a body, with the way to it. */
function objectsIn(schema: JsonSchema, path: readonly string[] = []): (readonly string[])[] {
  const own = schema.properties ? [path] : [];
  return [...own, ...Object.entries(schema.properties ?? {}).flatMap(([name, member]) => objectsIn(member, [...path, name]))];
}

test('every operation below /admin refuses an unknown parameter, and does nothing', async () => {
  const before = await everything(application);
  assert.ok(routes.length > 20);
  for (const route of routes) {
    const { body } = sampleRequest(route, {});
    const answer = await send(route, `?${unknown}=1`, body);
    assert.deepEqual(
      answer.body.errors?.map(({ field, code }) => `${field} ${code}`),
      [`${unknown} unknown_field`],
      nameOf(route),
    );
    assertInvalid(answer, `${unknown} unknown_field`);
  }
  assert.deepEqual(await everything(application), before);
});

test('every operation with a JSON body refuses an unknown member, says so in the document, and does nothing', async () => {
  const before = await everything(application);
  const withBody = routes.filter(({ body }) => body !== undefined);
  assert.ok(withBody.length >= 4);
  for (const route of withBody) {
    const { body } = route;
    assert.deepEqual(objectsIn(body ?? {}), [[]], `${nameOf(route)} has nested objects, which this check does not read`);
    assert.equal((body as { additionalProperties?: unknown }).additionalProperties, false, nameOf(route));
    const sample = sampleRequest(route, {}).body as object;
    assertInvalid(await send(route, '', { ...sample, [unknown]: 1 }), `${unknown} unknown_field`);
    assertInvalid(await send(route, '', { [unknown]: null }), `${unknown} unknown_field`);
  }
  assert.deepEqual(await everything(application), before);
});

test('every operation without a body refuses members', async () => {
  for (const route of routes) {
    if (route.body !== undefined || route.mediaType !== undefined || route.method === 'GET') continue;
    assertInvalid(await send(route, '', { [unknown]: 1 }), `${unknown} unknown_field`);
  }
});

for (const [method, url, body, field, near] of [
  ['POST', '/admin/invitations/import?dryrun=true', undefined, 'dryrun', 'dry_run'],
  ['POST', '/admin/invitations', { phone_number: '010-1234-5678' }, 'phone_number', 'phone'],
  ['POST', '/admin/invitations', { expires: '2030-01-31T09:00:00Z' }, 'expires', 'expires_at'],
  ['POST', '/admin/invitations', { maxUses: 3 }, 'maxUses', 'max_uses'],
  ['POST', '/admin/invitations/bulk', { count: 3, campain: 'x' }, 'campain', 'campaign'],
  ['PATCH', '/admin/invitations/1', { expire_at: null }, 'expire_at', 'expires_at'],
  ['POST', '/admin/keys', { label: 'x', role: 'admin', expires: '2030-01-31' }, 'expires', 'expires_at'],
  ['GET', '/admin/invitations?campain=x', undefined, 'campain', 'campaign'],
  ['GET', '/admin/invitations?Limit=5', undefined, 'Limit', 'limit'],
  ['GET', '/admin/users?create_from=2026-01-01', undefined, 'create_from', 'created_from'],
  ['GET', '/admin/audit?actions=x', undefined, 'actions', 'action'],
] as const) {
  test(`${method} ${url} ${JSON.stringify(body ?? {})} names ${near}`, async () => {
    const headers = url.includes('import') ? { 'content-type': 'text/csv' } : { 'if-match': '*' };
    const answer = await operator(method, url, url.includes('import') ? 'code\nDRY-RUN-1\n' : body, headers);
    assertInvalid(answer, `${field} unknown_field`);
    assert.match(String(answer.body.errors?.[0]?.message), new RegExp(`\\b${near}\\b`));
  });
}

test('a name that no name could be is not repeated, and sign-up stays lenient', async () => {
  const answer = await operator('POST', '/admin/invitations', { '<script>': 1 });
  assertInvalid(answer, ' unknown_field');
  const verified = await application.send('POST', '/auth/invitation/verify?utm=1', { invitation_code: 'NOT-THERE', locale: 'ko' });
  assert.equal(verified.status, 404);
});
