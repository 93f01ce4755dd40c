import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { insist } from '../support/insist.ts';
import { madeIn } from '../support/invitation-scenes.ts';
import { makeKey } from '../support/operator-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const issuer = await makeKey(application, 'issuer');
const create = (key: string, body: unknown, send = issuer.send) => send('POST', '/admin/invitations', body, { 'idempotency-key': key });

async function counts(): Promise<unknown> {
  const sql = `SELECT (SELECT count(*) FROM "Invitation") AS invitations, (SELECT count(*) FROM audit_log) AS entries`;
  return (await query(sql))[0];
}

test('the same request with the same key gets the identical answer and does nothing', async () => {
  const wanted = { count: 3, campaign: 'repeated', note: '메모 "x"', valid_for: '7d', phone: '010-2938-4756' };
  const first = await create('first', wanted);
  const before = await counts();
  const again = await create('first', wanted);
  assert.equal(again.status, 201);
  assert.equal(JSON.stringify(again.body), JSON.stringify(first.body));
  assert.deepEqual(await counts(), before);
  const [one] = madeIn(await create('one', {}));
  assert.equal((await create('one', {})).headers.get('location'), `/admin/invitations/${one?.id}`);
});

test('a repeated answer shows the state of the first one', async () => {
  const [made] = madeIn(await create('then', { code: 'THEN' }));
  await query(`UPDATE "Invitation" SET note = 'now', revoked_at = now() WHERE code = 'THEN'`);
  assert.deepEqual(madeIn(await create('then', { code: 'THEN' })), [made]);
});

test('the same key with another request is refused', async () => {
  await create('reused', { count: 1 });
  const before = await counts();
  for (const other of [{ count: 2 }, { note: 'x' }, { code: 'OTHER' }])
    assertRefused(await create('reused', other), 422, 'idempotency_key_reused');
  assert.deepEqual(await counts(), before);
});

test('keys of different operators are separate, and without a key nothing is repeated', async () => {
  const other = await makeKey(application, 'issuer');
  const codes = [madeIn(await create('mine', {})), madeIn(await create('mine', {}, other.send))].map(([made]) => made?.code);
  codes.push(...[1, 2].map(() => ''));
  for (const place of [2, 3]) codes[place] = madeIn(await issuer.send('POST', '/admin/invitations', {}))[0]?.code;
  assert.equal(new Set(codes).size, 4);
});

test('an invalid key is refused; a refused request leaves its key unused', async () => {
  for (const key of ['', 'a'.repeat(129), 'ключ', 'a\u00e9']) {
    assertRefused(await create(Buffer.from(key).toString('latin1'), {}), 400, 'idempotency_key_invalid');
  }
  assertInvalid(await create('later', { valid_for: '1s' }), 'valid_for duration_range');
  await query(`INSERT INTO "Invitation" (code) VALUES ('LATER')`);
  assertRefused(await create('later', { code: 'LATER' }), 409, 'invitation_code_taken');
  assert.equal(madeIn(await create('later', { code: 'LATER-2' })).length, 1);
});

test('after 24 hours a key can be used again', async () => {
  const [made] = madeIn(await create('old', {}));
  await query(`UPDATE idempotency_keys SET created_at = now() - interval '24 hours' WHERE key = 'old'`);
  assert.notEqual(madeIn(await create('old', {}))[0]?.code, made?.code);
});

test('32 concurrent requests with one key create one batch and get the same answer', async () => {
  const before = (await counts()) as { invitations: number; entries: number };
  const wanted = { count: 5, campaign: 'together' };
  const answers = await Promise.all(Array.from({ length: 32 }, () => insist(() => create('together', wanted))));
  for (const answer of answers) assert.deepEqual(madeIn(answer), madeIn(answers[0] ?? assert.fail()));
  assert.deepEqual(await counts(), { invitations: before.invitations + 5, entries: before.entries + 1 });
});
