import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import type { Answer } from '../support/sign-up-client.ts';
import { beginSignUp, signUpToLastStep } from '../support/sign-up-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const key = { authorization: `Bearer ${application.services.localKey}` };

interface Shown {
  readonly id: number;
  readonly code: string;
  readonly status: string;
  readonly seats: { total: number; used: number; held: number; held_without_step: number; free: number };
  readonly version: string;
  readonly [member: string]: unknown;
}
const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  application.send(method, `/admin${path}`, body, { ...key, ...headers });
const shown = (answer: Answer) => answer.body as unknown as Shown;

async function made(body: object = {}): Promise<Shown> {
  const { status, body: answer } = await ask('POST', '/invitations', body);
  assert.equal(status, 201, JSON.stringify(answer));
  const [invitation] = (answer as unknown as { invitations: Shown[] }).invitations;
  return invitation ?? assert.fail();
}
const change = (id: number, body: object, ifMatch = '*') => ask('PATCH', `/invitations/${id}`, body, { 'if-match': ifMatch });
const entriesOf = (subject: string, id: string | number) =>
  application.query<{ action: string; before: unknown; after: unknown }>(
    'SELECT action, before, after FROM audit_log WHERE subject = $1 AND subject_id = $2 ORDER BY id',
    [subject, String(id)],
  );

test('an invitation is shown with its users, and with its version as ETag', async () => {
  const { id, code, version } = await made({ max_uses: 3 });
  const { person, userId } = await application.signUp(code);
  const answer = await ask('GET', `/invitations/${id}`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('etag'), `"${version}"`);
  assert.deepEqual(shown(answer).seats, { total: 3, used: 1, held: 0, held_without_step: 0, free: 2 });
  const [first, ...others] = answer.body.people as { user_id: number; name: string; created_at: string }[];
  assert.deepEqual([first?.user_id, first?.name, others], [userId, person.name, []]);
  assert.match(first?.created_at ?? '', /^\d{4}-.*Z$/);
  assertRefused(await ask('GET', '/invitations/2147483647'), 404, 'invitation_unknown');
  assertRefused(await ask('GET', '/invitations/0'), 422, 'validation_failed');
});

test('a change needs the current version, so that it does not overwrite another one', async () => {
  const { id, version } = await made({ note: 'first' });
  assertRefused(await ask('PATCH', `/invitations/${id}`, { note: 'second' }), 428, 'version_required');
  const changed = await change(id, { note: 'second' }, `"${version}"`);
  assert.deepEqual([changed.status, shown(changed).note], [200, 'second']);
  assert.notEqual(shown(changed).version, version);
  assertRefused(await change(id, { note: 'third' }, `"${version}"`), 412, 'invitation_changed');
  assert.equal(shown(await ask('GET', `/invitations/${id}`)).note, 'second');
  assertRefused(await change(2_147_483_647, {}), 404, 'invitation_unknown');
});

test('a tag that a proxy made weak or marked as compressed still names the version; a malformed one is 400', async () => {
  const { id, version } = await made();
  for (const tag of [
    `W/"${version}"`,
    `"${version}-gzip"`,
    `"${version};gzip"`,
    `W/"${version}-br"`,
    `"${version}--gzip"`,
    `"x", "${version}"`,
  ])
    assert.equal((await change(id, { note: null }, tag)).status, 200, tag);
  for (const tag of ['"0"', 'W/"0-gzip"', `"${version}-other"`])
    assertRefused(await change(id, { note: 'x' }, tag), 412, 'invitation_changed');
  for (const tag of [version, `'${version}'`, `"${version}`, `W/${version}`, `"a" "b"`, 'any', '']) {
    const answer = await change(id, { note: 'x' }, tag);
    assertRefused(answer, 400, 'bad_request');
    assert.match(String(answer.body.detail), /"[0-9a-f]{32}"/);
  }
});

test('a sign-up in between does not change the version', async () => {
  const { id, code, version } = await made({ max_uses: 3 });
  await application.signUp(code);
  assert.equal((await change(id, { note: 'seen' }, `"${version}"`)).status, 200);
});

test('missing members stay, null clears, and the audit log records changes without notes and phone numbers', async () => {
  const { id } = await made({ campaign: 'changing', note: 'for Kim', phone: '010-2345-6789', valid_for: '7d' });
  const answer = shown(await change(id, { campaign: null, phone: null, max_uses: 2 }));
  assert.deepEqual([answer.campaign, answer.note, answer.phone, answer.seats.total], [null, 'for Kim', null, 2]);
  assert.equal(typeof answer.expires_at, 'string');
  assert.equal(shown(await change(id, { expires_at: null })).expires_at, null);
  const [created, first] = await entriesOf('invitation', id);
  assert.equal(created?.action, 'invitation.create');
  assert.deepEqual(first, {
    action: 'invitation.update',
    before: { max_uses: 1, campaign: 'changing', phone: 'set' },
    after: { max_uses: 2, campaign: null, phone: null },
  });
  const entries = (await entriesOf('invitation', id)).length;
  assert.equal((await change(id, {})).status, 200);
  assert.equal((await entriesOf('invitation', id)).length, entries, 'nothing changed and nothing recorded');
});

test('more seats open a used-up invitation again, as few as are used close it, and fewer are refused', async () => {
  const { id, code } = await made();
  await application.signUp(code);
  assertRefused(await application.verify(code), 410, 'invitation_used');
  assert.deepEqual(shown(await change(id, { max_uses: 3 })).seats, { total: 3, used: 1, held: 0, held_without_step: 0, free: 2 });
  assert.equal((await application.signUp(code)).answer.status, 200);
  assertRefused(await change(id, { max_uses: 1 }), 409, 'seats_in_use');
  const closed = shown(await change(id, { max_uses: 2 }));
  assert.deepEqual([closed.status, closed.seats], ['used', { total: 2, used: 2, held: 0, held_without_step: 0, free: 0 }]);
  assertRefused(await application.verify(code), 410, 'invitation_used');
});

test('an invitation that the original’s program used up counts one used seat when it is given more', async () => {
  const { id, code } = await made();
  await application.query('UPDATE "Invitation" SET is_used = true, used_by = 1 WHERE id = $1', [id]);
  assert.deepEqual(shown(await change(id, { max_uses: 2 })).seats, { total: 2, used: 1, held: 0, held_without_step: 0, free: 1 });
  assert.equal((await application.signUp(code)).answer.status, 200);
  await application.query('UPDATE "Invitation" SET is_used = false, used_by = NULL WHERE id = $1', [id]);
  assert.deepEqual(
    shown(await change(id, { max_uses: 1 })).seats,
    { total: 1, used: 0, held: 0, held_without_step: 0, free: 1 },
    'reset by SQL',
  );
});

test('a duration counts from now if the start is past, and an impossible life span is refused', async () => {
  const { id } = await made({ valid_for: '1m' });
  await application.query(`UPDATE "Invitation" SET starts_at = now() - interval '10 days', expires_at = now() WHERE id = $1`, [id]);
  assert.equal(shown(await change(id, { valid_for: '7d' })).status, 'usable');
  assertRefused(await change(id, { valid_for: '7d', expires_at: '2090-01-01T00:00:00Z' }), 422, 'validation_failed');
  assertRefused(await change(id, { starts_at: '2090-01-01T00:00:00Z' }), 422, 'validation_failed');
  assertRefused(await change(id, { expires_at: '2001-01-01T00:00:00Z' }), 422, 'validation_failed');
  assert.equal(shown(await change(id, { starts_at: '2090-01-01T00:00:00Z', valid_for: '7d' })).status, 'not_started');
});

test('revoking stops every step at the next request, restoring undoes it, and each is recorded once', async () => {
  const { id, code } = await made();
  const early = await beginSignUp(application, code);
  const late = await signUpToLastStep(application, code);
  for (let times = 0; times < 2; times += 1) assert.equal(shown(await ask('POST', `/invitations/${id}/revoke`)).status, 'revoked');
  assertRefused(await application.verify(code), 410, 'invitation_revoked');
  assertRefused(await application.birthday(early, '1990-01-01'), 410, 'invitation_revoked');
  assertRefused(await application.name(early, '홍길동', 'seven quiet rivers'), 410, 'invitation_revoked');
  assertRefused(await application.phone(late.sessionId, late.person.phone), 410, 'invitation_revoked');
  for (let times = 0; times < 2; times += 1) assert.equal(shown(await ask('POST', `/invitations/${id}/restore`)).status, 'usable');
  assert.equal((await application.phone(late.sessionId, late.person.phone)).status, 200);
  const actions = (await entriesOf('invitation', id)).map(({ action }) => action);
  assert.deepEqual(actions, ['invitation.create', 'invitation.revoke', 'invitation.restore']);
  assertRefused(await ask('POST', '/invitations/2147483647/revoke'), 404, 'invitation_unknown');
  assertRefused(await ask('POST', '/invitations/2147483647/restore'), 404, 'invitation_unknown');
});

const names = ['가나다 캠페인', 'a/b?c#d%e', '🎉'.repeat(64), '한'.repeat(64), 'O\'Neil "x"'];
for (const campaign of names) {
  test(`the campaign ${campaign.slice(0, 12)} is revoked and restored by its name`, async () => {
    const path = `/campaigns/${encodeURIComponent(campaign)}`;
    const { id, code } = await made({ campaign });
    const alone = await made({ campaign });
    await ask('POST', `/invitations/${alone.id}/revoke`);
    const session = await beginSignUp(application, code);
    assert.equal((await ask('POST', `${path}/revoke`)).status, 200);
    assertRefused(await application.verify(code), 410, 'invitation_revoked');
    assertRefused(await application.birthday(session, '1990-01-01'), 410, 'invitation_revoked');
    assertRefused(await ask('POST', `/invitations/${id}/restore`), 409, 'campaign_revoked');
    assertRefused(await ask('POST', '/invitations', { campaign }), 409, 'campaign_revoked');
    assertRefused(await change((await made()).id, { campaign }), 409, 'campaign_revoked');
    assert.equal(shown(await ask('GET', `/invitations/${id}`)).campaign_revoked, true);
    assert.equal((await ask('POST', `${path}/restore`)).status, 200);
    assert.equal((await application.birthday(session, '1990-01-01')).status, 200);
    assertRefused(await application.verify(alone.code), 410, 'invitation_revoked');
    assert.deepEqual(
      (await entriesOf('campaign', campaign)).map(({ action }) => action),
      ['campaign.revoke', 'campaign.restore'],
    );
  });
}

test('a campaign is counted: its invitations and its seats by state', async () => {
  const campaign = 'counted';
  const [many, one] = [await made({ campaign, max_uses: 4 }), await made({ campaign })];
  await made({ campaign, starts_at: '2090-01-01T00:00:00Z' });
  await application.signUp(many.code);
  await application.signUp(one.code);
  await beginSignUp(application, many.code);
  const { status, body } = await ask('GET', `/campaigns/${campaign}`);
  assert.equal(status, 200);
  assert.deepEqual(body.invitations, { total: 3, usable: 1, used: 1, expired: 0, revoked: 0, not_started: 1 });
  assert.deepEqual(body.seats, { total: 6, used: 2, held: 1, free: 2 });
  const revoked = await ask('POST', `/campaigns/${campaign}/revoke`);
  assert.equal(typeof revoked.body.revoked_at, 'string');
  assert.deepEqual((await ask('GET', `/campaigns/${campaign}`)).body.invitations, {
    total: 3,
    usable: 0,
    used: 0,
    expired: 0,
    revoked: 3,
    not_started: 0,
  });
});

test('a campaign set by SQL is counted and revoked too; any other is unknown', async () => {
  await application.query(`INSERT INTO "Invitation" (code, campaign) VALUES ('BY-SQL', 'by sql')`);
  assert.deepEqual((await ask('GET', '/campaigns/by%20sql')).body.created_at, null);
  assert.equal((await ask('POST', '/campaigns/by%20sql/revoke')).status, 200);
  assertRefused(await application.verify('BY-SQL'), 410, 'invitation_revoked');
  for (const path of ['/campaigns/nobody', '/campaigns/%00']) {
    assertRefused(await ask('GET', path), 404, 'campaign_unknown');
    assertRefused(await ask('POST', `${path}/revoke`), 404, 'campaign_unknown');
    assertRefused(await ask('POST', `${path}/restore`), 404, 'campaign_unknown');
  }
});

test('campaigns are listed by name, page by page, each once, including those only on invitations', async () => {
  await application.query(
    `INSERT INTO "Invitation" (code, campaign) VALUES ('ON-ONE', 'on one'), ('ON-TWO', '둘'), ('ON-TWO-AGAIN', '둘')`,
  );
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await ask('GET', `/campaigns?limit=2${cursor && `&cursor=${cursor}`}`);
    assert.equal(status, 200);
    seen.push(...(body.items as { campaign: string }[]).map(({ campaign }) => campaign));
    cursor = body.next as string | null;
  }
  const sql = 'SELECT name FROM campaigns UNION SELECT campaign FROM "Invitation" WHERE campaign IS NOT NULL ORDER BY name';
  const stored = await application.query<{ name: string }>(sql);
  assert.deepEqual(
    seen,
    stored.map(({ name }) => name),
  );
  assertRefused(await ask('GET', '/campaigns?cursor=nonsense'), 422, 'validation_failed');
});

test('a viewer sees no phone number in full, neither in the list nor in one invitation; an issuer does', async () => {
  const { id } = await made({ phone: '010-2345-6789' });
  const seenBy = async (role: string) => {
    const made = await ask('POST', '/keys', { label: role, role });
    const authorization = { authorization: `Bearer ${made.body.key}` };
    const one = shown(await ask('GET', `/invitations/${id}`, undefined, authorization));
    const { items } = (await ask('GET', '/invitations?limit=500', undefined, authorization)).body as unknown as { items: Shown[] };
    return [one.phone, items.find((invitation) => invitation.id === id)?.phone];
  };
  assert.deepEqual(await seenBy('issuer'), ['+821023456789', '+821023456789']);
  for (const phone of await seenBy('viewer')) {
    assert.match(String(phone), /\*{4}/);
    assert.doesNotMatch(String(phone), /2345/);
  }
});
