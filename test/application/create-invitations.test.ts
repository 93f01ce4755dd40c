import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hasRightCheckCharacter } from '../../src/invitations/check-character.ts';
import { keyOfCode } from '../../src/invitations/code-key.ts';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { madeIn, makeInvitation } from '../support/invitation-scenes.ts';
import { asOperator, makeKey } from '../support/operator-scenes.ts';
import { tablesHolding } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const { query } = application;
const issuer = await makeKey(application, 'issuer', 'Kim, marketing');
const create = (body: unknown, headers = {}) => issuer.send('POST', '/admin/invitations', body, headers);

async function countInvitations(): Promise<unknown> {
  return (await query('SELECT count(*) AS rows FROM "Invitation"'))[0]?.rows;
}

async function auditOf(id: number) {
  return query(`SELECT * FROM audit_log WHERE action = 'invitation.create' AND subject_id = $1`, [String(id)]);
}

test('by default an invitation has one seat, a generated code, and no expiry', async () => {
  const answer = await create({});
  const [invitation = assert.fail()] = madeIn(answer);
  assert.equal(answer.headers.get('location'), `/admin/invitations/${invitation.id}`);
  const { id, code, created_at, version, ...rest } = invitation;
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){2}$/);
  assert.ok(hasRightCheckCharacter(keyOfCode(code)));
  assert.ok(Math.abs(new Date(String(created_at)).getTime() - Date.now()) < 3_600_000);
  assert.match(version, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    link: null,
    status: 'usable',
    seats: { total: 1, used: 0, held: 0, held_without_step: 0, free: 1 },
    campaign: null,
    note: null,
    phone: null,
    created_by: 'Kim, marketing',
    starts_at: null,
    expires_at: null,
    revoked_at: null,
    campaign_revoked: false,
    batch: null,
  });
  assert.equal((await application.signUp(code)).answer.status, 200);
  assert.equal((await auditOf(id)).length, 1);
});

test('a thousand are created at once with the same settings and different codes', async () => {
  const wanted = { count: 1_000, prefix: '봄', length: 20, max_uses: 3, campaign: ' launch ', note: 'for the fair', valid_for: '7d' };
  const answer = await create(wanted);
  const made = madeIn(answer);
  assert.equal(answer.headers.get('location'), null);
  assert.equal(new Set(made.map((one) => one.code)).size, 1_000);
  assert.deepEqual(
    made.map((one) => one.id),
    made.map((one) => one.id).sort((left, right) => left - right),
  );
  for (const { code, campaign, note, seats } of made) {
    assert.match(code, /^봄(-[0-9A-HJKMNP-TV-Z]{5}){4}$/);
    assert.deepEqual([campaign, note, seats.total, seats.free], ['launch', 'for the fair', 3, 3]);
  }
  const [stored] = await query(
    `SELECT count(*) AS rows, min(extract(epoch FROM expires_at - created_at)) AS least FROM "Invitation" WHERE campaign = 'launch'`,
  );
  assert.equal(stored?.rows, 1_000);
  // Milliseconds are all that is stored.
  assert.ok(Math.abs(Number(stored?.least) - 7 * 86_400) < 0.002);
  assert.equal((await query(`SELECT name FROM campaigns WHERE name = 'launch' AND revoked_at IS NULL`)).length, 1);
  assertInvalid(await create({ count: 1_001 }), 'count out_of_range');
});

test('a custom code is stored as written and is unique', async () => {
  const invitation = await makeInvitation(issuer.send, { code: '초대-2030', max_uses: 1_000_000 });
  assert.deepEqual([invitation.code, invitation.seats.total], ['초대-2030', 1_000_000]);
  const before = await countInvitations();
  assertRefused(await create({ code: '초대-2030' }), 409, 'invitation_code_taken');
  assertRefused(await create({ code: '초대-2030'.normalize('NFD'), campaign: 'never named' }), 409, 'invitation_code_taken');
  assert.deepEqual(await countInvitations(), before);
  assert.deepEqual(await tablesHolding(application, 'never named'), []);
});

test('all errors of a request are reported at once, and nothing is created', async () => {
  const before = await countInvitations();
  const refused: readonly (readonly [object, ...string[]])[] = [
    [{ code: 'HELLO-WORLD-AGAIN' }, 'code code_check_character'],
    [{ code: 'a b' }, 'code code_characters'],
    [{ code: 'A1', count: 2 }, 'code code_alone'],
    [{ code: 'A1', prefix: 'B' }, 'code code_alone'],
    [
      { prefix: 'A-', phone: '12', note: 'a\nb', campaign: '..' },
      'prefix prefix_characters',
      'campaign campaign_dots',
      'note note_characters',
      'phone phone_not_mobile',
    ],
    [{ length: 12 }, 'length out_of_range'],
    [{ length: 41 }, 'length out_of_range'],
    [{ max_uses: 0 }, 'max_uses out_of_range'],
    [{ max_uses: 1_000_001 }, 'max_uses out_of_range'],
    [{ count: '2' }, 'count wrong_type'],
    [{ count: 1.5, note: 7 }, 'count wrong_type', 'note wrong_type'],
    [{ expires_at: '2020-01-01T00:00:00Z' }, 'expires_at moment_past'],
    [{ starts_at: '2090-01-02T00:00:00Z', expires_at: '2090-01-01T00:00:00Z' }, 'expires_at expiry_before_start'],
    [{ expires_at: '2090-01-01T00:00:00Z', valid_for: '7d' }, 'valid_for expiry_twice'],
    [{ expires_at: '10000-01-01T00:00:00Z' }, 'expires_at moment_format'],
    [{ starts_at: '+275760-09-13T00:00:00Z', valid_for: 'for ever' }, 'starts_at moment_format', 'valid_for duration_format'],
  ];
  for (const [body, ...rules] of refused) assertInvalid(await create(body), ...rules);
  assert.deepEqual(await countInvitations(), before);
});

test('null means the same as missing, and unknown members are refused', async () => {
  const nothing = { code: null, count: null, prefix: null, length: null, max_uses: null, starts_at: null, expires_at: null };
  const wanted = { ...nothing, valid_for: null, campaign: null, note: null, phone: null };
  assertInvalid(await create({ ...wanted, id: 1, is_used: true }), 'id unknown_field', 'is_used unknown_field');
  const { seats, status } = await makeInvitation(issuer.send, wanted);
  assert.deepEqual([seats, status], [{ total: 1, used: 0, held: 0, held_without_step: 0, free: 1 }, 'usable']);
});

test('nothing is created in a revoked campaign', async () => {
  await makeInvitation(issuer.send, { campaign: 'autumn' });
  await query(`UPDATE campaigns SET revoked_at = now() WHERE name = 'autumn'`);
  const before = await countInvitations();
  const answer = await create({ campaign: 'autumn' });
  assertRefused(answer, 409, 'campaign_revoked');
  assert.equal(answer.body.campaign, 'autumn');
  assert.deepEqual(await countInvitations(), before);
});

test('the audit log records what was created by whom, without codes, notes and phone numbers', async () => {
  const wanted = {
    code: 'AUDITED-7319',
    note: 'note-7319',
    phone: '010-7319-7319',
    campaign: 'audited',
    starts_at: '2090-01-01T09:00:00+09:00',
  };
  const { id } = await makeInvitation(issuer.send, { ...wanted, max_uses: 2, valid_for: '1d' });
  const [entry, second] = await auditOf(id);
  assert.equal(second, undefined);
  assert.deepEqual([entry?.key_id, entry?.operator, entry?.subject, entry?.before], [issuer.id, 'Kim, marketing', 'invitation', null]);
  const moments = { starts_at: '2090-01-01T00:00:00.000Z', expires_at: '2090-01-02T00:00:00.000Z' };
  assert.deepEqual(entry?.after, { count: 1, custom_code: true, max_uses: 2, campaign: 'audited', ...moments, note: 'set', phone: 'set' });
  for (const secret of ['AUDITED-7319', 'note-7319', '73197319'])
    assert.deepEqual(await tablesHolding(application, secret), ['Invitation']);
});

test('creating invitations requires an issuer key', async () => {
  const viewer = await makeKey(application, 'viewer');
  assertRefused(await viewer.send('POST', '/admin/invitations', {}), 403, 'role_insufficient');
  assertRefused(await application.send('POST', '/admin/invitations', {}), 401, 'operator_key_required');
  await makeInvitation(asOperator(application));
});
