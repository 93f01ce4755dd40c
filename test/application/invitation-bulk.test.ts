import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { bulkClient, eventsOf, type Line, linesOf, type TextAnswer } from '../support/bulk-client.ts';
import { storedInvitation } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { create } = bulkClient(application);
const { query } = application;

async function count(sql: string, values: readonly unknown[] = []): Promise<number> {
  const [row] = await query<{ count: number }>(`SELECT count(*) AS count FROM ${sql}`, values);
  return Number(row?.count);
}
const audited = () => query<Line>(`SELECT * FROM audit_log WHERE action = 'invitation.bulk' ORDER BY id`);

/**
 * Asserts that all lines arrived, in order.
 * @returns the lines of the invitations, and the batch.
 */
function assertComplete(answer: TextAnswer, wanted: number): { invitations: readonly Line[]; batch: string } {
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers.get('content-type')), /^application\/x-ndjson/);
  const lines = linesOf(answer);
  const invitations = eventsOf(answer, 'invitation');
  const done = lines.at(-1);
  assert.deepEqual([done?.event, done?.created, invitations.length], ['done', wanted, wanted]);
  assert.equal(new Set(invitations.map(({ code }) => code)).size, wanted);
  const names = lines.map(({ event }) => String(event));
  const order = ['progress', 'invitation', 'done'];
  assert.deepEqual(
    names,
    [...names].sort((left, right) => order.indexOf(left) - order.indexOf(right)),
  );
  return { invitations, batch: String(done?.batch) };
}

test('the requested number is created with the same settings, and their codes are returned', async () => {
  const settings = {
    prefix: 'SPRING',
    length: 13,
    max_uses: 7,
    starts_at: '2030-01-01T00:00:00+09:00',
    valid_for: '7d',
    campaign: ' 봄 ',
    note: 'for the fair',
  };
  const answer = await create({ count: 12_345, ...settings });
  const { invitations, batch } = assertComplete(answer, 12_345);
  const progress = eventsOf(answer, 'progress');
  assert.ok(progress.length >= 2);
  assert.deepEqual(progress.at(-1), { event: 'progress', created: 12_345, of: 12_345 });
  assert.deepEqual(
    progress.map(({ created }) => Number(created)),
    progress.map(({ created }) => Number(created)).sort((left, right) => left - right),
  );
  for (const { code } of invitations)
    assert.match(String(code), /^SPRING-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{3}$/);

  const { id, code, created_at, ...stored } = await storedInvitation(application, String(invitations.at(-1)?.code));
  assert.deepEqual([id, code], [invitations.at(-1)?.id, invitations.at(-1)?.code]);
  assert.ok(created_at instanceof Date);
  assert.deepEqual(stored, {
    is_used: false,
    used_by: null,
    starts_at: new Date('2029-12-31T15:00:00Z'),
    expires_at: new Date('2030-01-07T15:00:00Z'),
    revoked_at: null,
    max_uses: 7,
    use_count: 0,
    campaign: '봄',
    note: 'for the fair',
    phone: null,
    created_by: 'local',
    batch,
  });
  assert.equal(await count('"Invitation" WHERE batch = $1', [batch]), 12_345);
  assert.equal(await count("campaigns WHERE name = '봄'"), 1);

  const [entry] = (await audited()).slice(-1);
  assert.deepEqual([entry?.subject, entry?.subject_id, entry?.operator, entry?.before], ['invitation', null, 'local', null]);
  assert.deepEqual(entry?.after, {
    batch,
    count: 12_345,
    max_uses: 7,
    campaign: '봄',
    starts_at: '2029-12-31T15:00:00.000Z',
    expires_at: '2030-01-07T15:00:00.000Z',
    note: 'set',
  });
});

test('a single one without settings is created too, and works', async () => {
  const { invitations } = assertComplete(await create({ count: 1 }), 1);
  assert.equal(invitations[0]?.link, null);
  assert.equal((await application.verify(String(invitations[0]?.code))).status, 200);
});

test('the same request with the same key returns the same codes and creates none', async () => {
  const body = { count: 2_345, campaign: 'twice' };
  const headers = { 'idempotency-key': 'bulk-1' };
  const first = assertComplete(await create(body, headers), 2_345);
  const [entries, rows] = [await audited(), await count('"Invitation"')];
  const again = await create(body, headers);
  assert.deepEqual(assertComplete(again, 2_345), first);
  assert.deepEqual(eventsOf(again, 'progress'), []);
  assert.deepEqual([await audited(), await count('"Invitation"')], [entries, rows]);
  assertRefused(await create({ ...body, count: 2 }, headers), 422, 'idempotency_key_reused');
  assertRefused(await create(body, { 'idempotency-key': '한글' }), 400, 'idempotency_key_invalid');
  // Its campaign has been revoked since; the answer is the same.
  await query("UPDATE campaigns SET revoked_at = now() WHERE name = 'twice'");
  assert.deepEqual(assertComplete(await create(body, headers), 2_345), first);
});

test('nothing is created if the campaign is revoked', async () => {
  await query("INSERT INTO campaigns (name, revoked_at) VALUES ('stopped', now())");
  const rows = await count('"Invitation"');
  const answer = await create({ count: 10, campaign: 'stopped' }, { 'idempotency-key': 'stopped-1' });
  assertRefused(answer, 409, 'campaign_revoked');
  assert.equal(answer.body.campaign, 'stopped');
  assert.equal(await count('"Invitation"'), rows);
  // An error is not stored as the answer: once the campaign is restored, the same request does its work.
  await query("UPDATE campaigns SET revoked_at = NULL WHERE name = 'stopped'");
  assertComplete(await create({ count: 10, campaign: 'stopped' }, { 'idempotency-key': 'stopped-1' }), 10);
});

test('one at a time: another request is refused while one is running, and not after it', async () => {
  const answers = await Promise.all([create({ count: 30_000 }), create({ count: 1 }), create({ count: 1 })]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
  for (const answer of answers.filter(({ status }) => status === 409)) assertRefused(answer, 409, 'bulk_under_way');
  assertComplete(await create({ count: 1 }), 1);
  // Also after one that failed.
  assertInvalid(await create({ count: 1, valid_for: '1m', starts_at: '1990-01-01T00:00:00Z' }), 'valid_for moment_past');
  assertComplete(await create({ count: 1 }), 1);
});

for (const [name, body, ...broken] of [
  ['no count', {}, 'count required'],
  ['none', { count: 0 }, 'count out_of_range'],
  ['too many', { count: 1_000_001 }, 'count out_of_range'],
  ['half of one', { count: 1.5 }, 'count wrong_type'],
  ['a text for a number', { count: '5' }, 'count wrong_type'],
  ['no seat', { count: 1, max_uses: 0 }, 'max_uses out_of_range'],
  ['more seats than a column holds', { count: 1, max_uses: 2 ** 31 }, 'max_uses out_of_range'],
  ['a short code', { count: 1, length: 12 }, 'length out_of_range'],
  ['a long code', { count: 1, length: 41 }, 'length out_of_range'],
  ['a prefix with a space', { count: 1, prefix: 'A B' }, 'prefix prefix_characters'],
  ['NUL', { count: 1, note: '\0', campaign: '\0' }, 'campaign campaign_characters', 'note note_characters'],
  ['a lone surrogate', { count: 1, campaign: '\ud800' }, 'campaign campaign_characters'],
  ['a long note', { count: 1, note: 'x'.repeat(501) }, 'note note_too_long'],
  ['an impossible moment', { count: 1, starts_at: '2030-02-30T00:00:00Z' }, 'starts_at moment_format'],
  ['a far year', { count: 1, expires_at: '+275760-09-13T00:00:00Z' }, 'expires_at moment_format'],
  ['both ends', { count: 1, expires_at: '2030-01-01T00:00:00Z', valid_for: '1d' }, 'valid_for expiry_twice'],
  ['the end first', { count: 1, starts_at: '2030-01-02T00:00:00Z', expires_at: '2030-01-01T00:00:00Z' }, 'expires_at expiry_before_start'],
  ['a year too far', { count: 1, starts_at: '9999-12-31T00:00:00Z', valid_for: '7d' }, 'valid_for moment_range'],
] as const) {
  test(`refused and nothing created: ${name}`, async () => {
    const rows = await count('"Invitation"');
    assertInvalid(await create(body), ...broken);
    assert.equal(await count('"Invitation"'), rows);
  });
}

test('unknown members, also those of a single invitation, are refused', async () => {
  const answer = await create({ count: 2, code: 'MINE', phone: '010-2222-3333', id: 7, batch: 'x', used_by: 1 });
  assertInvalid(answer, ...['code', 'phone', 'id', 'batch', 'used_by'].map((name) => `${name} unknown_field`));
});

test('any text gets a clear response', async () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme' }),
    fc.constant('2030-01-01T00:00:00Z'),
  );
  const body = fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    prefix: fc.option(anything, { nil: undefined }),
    campaign: fc.option(anything, { nil: undefined }),
    note: fc.option(anything, { nil: undefined }),
    valid_for: fc.option(fc.oneof(anything, fc.constant('7d')), { nil: undefined }),
    starts_at: fc.option(anything, { nil: undefined }),
  });
  const property = fc.asyncProperty(body, async (written) => {
    const answer = await create(written);
    if (answer.status === 200) assertComplete(answer, written.count);
    else assertRefused(answer, 422, 'validation_failed');
  });
  await fc.assert(property, { numRuns: 60 });
});
