import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { bulkClient } from '../support/bulk-client.ts';
import { asOperator, makeKey } from '../support/operator-scenes.ts';
import { everything } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const operator = asOperator(application);
const { query } = application;

const ends = async (campaign: string) =>
  (await query<{ expires_at: Date | null }>('SELECT expires_at FROM "Invitation" WHERE campaign = $1 ORDER BY id', [campaign])).map((row) =>
    row.expires_at?.getTime(),
  );
const entries = async () => Number((await query('SELECT count(*)::integer AS entries FROM audit_log'))[0]?.entries);
const change = (body: object) => operator('POST', '/admin/invitations/change', body);

/** Ends on different days, some long over; every tenth has none. */
async function campaignOf(campaign: string, count: number): Promise<void> {
  await query(
    `INSERT INTO "Invitation" (code, campaign, expires_at)
     SELECT $1 || '-' || n, $1, CASE WHEN n % 10 > 0 THEN now() + (n - $2 / 2) * interval '1 hour' END FROM generate_series(1, $2::integer) AS n`,
    [campaign, count],
  );
}

const day = 86_400_000;

test('500 invitations are extended by one request with one audit entry, and one undoes it', async () => {
  await campaignOf('spring', 500);
  const before = await ends('spring');
  const audited = await entries();
  const extended = await change({ campaign: 'spring', extend: '7d' });
  assert.deepEqual([extended.status, extended.body], [200, { dry_run: false, found: 500, changed: 450 }]);
  assert.deepEqual(
    await ends('spring'),
    before.map((end) => (end === undefined ? undefined : end + 7 * day)),
  );
  assert.equal(await entries(), audited + 1);
  const undone = await change({ campaign: 'spring', extend: '-7d' });
  assert.deepEqual([undone.status, undone.body.changed], [200, 450]);
  assert.deepEqual(await ends('spring'), before);
  assert.equal(await entries(), audited + 2);
});

test('a dry run says the same and changes nothing', async () => {
  await campaignOf('dry', 20);
  const before = await everything(application);
  const tried = await change({ campaign: 'dry', extend: '1d', dry_run: true });
  assert.deepEqual([tried.status, tried.body], [200, { dry_run: true, found: 20, changed: 18 }]);
  assert.deepEqual(await everything(application), before);
});

test('an import that went wrong is undone by its batch, and restored by it', async () => {
  const { body } = await bulkClient(application).import('code\nUNDO-A\nUNDO-B\nUNDO-C\n');
  const { batch } = body as { batch: string };
  const audited = await entries();
  assert.deepEqual((await operator('POST', '/admin/invitations/revoke', { batch })).body, { dry_run: false, found: 3, changed: 3 });
  assertRefused(await application.verify('UNDO-A'), 410, 'invitation_revoked');
  assert.equal((await operator('POST', '/admin/invitations/revoke', { batch })).body.changed, 0);
  assert.deepEqual((await operator('POST', '/admin/invitations/restore', { batch })).body, { dry_run: false, found: 3, changed: 3 });
  assert.equal((await application.verify('UNDO-B')).status, 200);
  assert.equal(await entries(), audited + 2);
  assert.equal((await change({ batch, expires_at: '2090-01-31' })).body.changed, 3);
});

test('all or none: what one of them cannot have changes none', async () => {
  await campaignOf('mixed', 4);
  await query(`UPDATE "Invitation" SET max_uses = 5, use_count = 3 WHERE code = 'mixed-2'`);
  const before = await everything(application);
  assertRefused(await change({ campaign: 'mixed', max_uses: 2 }), 409, 'seats_in_use');
  assertInvalid(await change({ campaign: 'mixed', starts_at: '2090-01-01' }), 'expires_at expiry_before_start');
  assert.deepEqual(await everything(application), before);
  assert.equal((await change({ campaign: 'mixed', max_uses: 3 })).body.changed, 4);
  assert.deepEqual(await query(`SELECT is_used, use_count FROM "Invitation" WHERE code = 'mixed-2'`), [{ is_used: true, use_count: 3 }]);
});

test('an invitation that would work again beside a look-alike is refused, with all others', async () => {
  await query(
    `INSERT INTO "Invitation" (code, campaign, expires_at) VALUES ('Alike-1', 'alike', now() - interval '1 hour'), ('other', 'alike', now())`,
  );
  await query(`INSERT INTO "Invitation" (code) VALUES ('ALIKE-1')`);
  const before = await ends('alike');
  assertRefused(await change({ campaign: 'alike', extend: '2d' }), 409, 'invitation_code_alike');
  assert.deepEqual(await ends('alike'), before);
});

test('what is unknown, missing or too much is refused', async () => {
  assertRefused(await change({ campaign: 'nowhere', extend: '1d' }), 404, 'campaign_unknown');
  const batch = '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10';
  assertRefused(await change({ batch, extend: '1d' }), 404, 'batch_unknown');
  assertRefused(await operator('POST', '/admin/invitations/revoke', { batch }), 404, 'batch_unknown');
  for (const [body, ...fields] of [
    [{ extend: '1d' }, 'campaign which_invitations'],
    [{ campaign: 'spring', batch, extend: '1d' }, 'campaign which_invitations'],
    [{ campaign: 'spring' }, ' nothing_to_change'],
    [{ campaign: 'spring', extend: '1d', valid_for: '2d' }, 'extend end_twice'],
    [{ campaign: 'spring', extend: 'soon' }, 'extend duration_format'],
    [{ campaign: 'spring', extend: '--1d' }, 'extend duration_format'],
    [{ campaign: 'spring', expires_at: '2020-01-31' }, 'expires_at moment_past'],
    [{ campaign: 'spring', extend: '1d', code: 'x' }, 'code unknown_field'],
  ] as const) {
    assertInvalid(await change(body), ...fields);
  }
  const viewer = await makeKey(application, 'viewer');
  assertRefused(await viewer.send('POST', '/admin/invitations/change', { campaign: 'spring', extend: '1d' }), 403, 'role_insufficient');
});
