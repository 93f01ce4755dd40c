import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openTestDatabase } from '../../test/support/database.ts';
import { type InvitationRow, invitationColumns } from './invitation-row.ts';
import { showInvitation } from './invitation-view.ts';

const settings = { publicUrl: undefined, phoneRegion: 'KR' as const };
const shownInFull = (row: InvitationRow) => showInvitation(row, settings, true);
const versionOf = (row: InvitationRow) => shownInFull(row).version;

const testDatabase = await openTestDatabase();
after(() => testDatabase.drop());

let codes = 0;
/** Creates an invitation from SQL expressions and reads it as operators do. */
async function invited(columns: Readonly<Record<string, string>> = {}): Promise<InvitationRow> {
  codes += 1;
  const names = ['code', ...Object.keys(columns)].join(', ');
  const values = [`'row-${codes}'`, ...Object.values(columns)].join(', ');
  const [row] = await testDatabase.query<InvitationRow>(
    `INSERT INTO "Invitation" AS i (${names}) VALUES (${values}) RETURNING ${invitationColumns('i')}`,
  );
  return row as InvitationRow;
}

async function read(id: number): Promise<InvitationRow> {
  const [row] = await testDatabase.query<InvitationRow>(`SELECT ${invitationColumns('i')} FROM "Invitation" i WHERE id = $1`, [id]);
  return row as InvitationRow;
}

const seatsOf = (row: InvitationRow) => Object.values(shownInFull(row).seats);

test('an invitation with only a code has one free seat and never expires', async () => {
  const row = await invited();
  const { id, code, created_at, version, ...shown } = shownInFull(row);
  assert.match(String(created_at), /^\d{4}-.*Z$/);
  assert.match(version, /^[0-9a-f]{32}$/);
  const unset = { campaign: null, note: null, phone: null, created_by: null, starts_at: null, expires_at: null, revoked_at: null };
  assert.deepEqual(shown, {
    ...unset,
    link: null,
    status: 'usable',
    seats: { total: 1, used: 0, held: 0, held_without_step: 0, free: 1 },
    campaign_revoked: false,
    batch: null,
  });
});

test('a link has the code behind #, encoded', async () => {
  const row = { ...(await invited()), code: '초대 50%#' };
  assert.equal(
    showInvitation(row, { ...settings, publicUrl: 'https://x.example' }, true).link,
    `https://x.example/join#${encodeURIComponent('초대 50%#')}`,
  );
});

test('seats: used, held by live sessions, free', async () => {
  const { id } = await invited({ max_uses: '5', use_count: '2' });
  await testDatabase.query(
    `INSERT INTO "RegisterSession" ("sessionId", "invitationId", expires_at)
     VALUES ('live', $1, now() + interval '1 hour'), ('dead', $1, now() - interval '1 second')`,
    [id],
  );
  assert.deepEqual(seatsOf(await read(id)), [5, 2, 1, 0, 2]);
  await testDatabase.query('UPDATE "Invitation" SET revoked_at = now() WHERE id = $1', [id]);
  assert.deepEqual(seatsOf(await read(id)), [5, 2, 1, 0, 0]);
  await testDatabase.query('UPDATE "Invitation" SET revoked_at = NULL, is_used = true WHERE id = $1', [id]);
  assert.deepEqual(seatsOf(await read(id)), [5, 5, 0, 0, 0]);
});

test('several sign-ups on a single seat hold one seat', async () => {
  const { id } = await invited();
  await testDatabase.query(`INSERT INTO "RegisterSession" ("sessionId", "invitationId") VALUES ('first', $1), ('second', $1)`, [id]);
  assert.deepEqual(seatsOf(await read(id)), [1, 0, 1, 0, 0]);
});

test('every change by an operator changes the version, and a claimed seat does not', async () => {
  const made = await invited({ max_uses: '3', note: `'a'`, campaign: `'b'` });
  const { id } = made;
  const seen = new Set([versionOf(made)]);
  const changes = ['max_uses = 4', `starts_at = '2026-01-01Z'`, `expires_at = '2126-01-01Z'`, 'revoked_at = now()', 'campaign = NULL'];
  for (const change of [...changes, `note = 'b'`, `phone = '+821012345678'`]) {
    await testDatabase.query(`UPDATE "Invitation" SET ${change} WHERE id = $1`, [id]);
    seen.add(versionOf(await read(id)));
  }
  assert.equal(seen.size, 8);
  const last = versionOf(await read(id));
  await testDatabase.query('UPDATE "Invitation" SET use_count = 1, used_by = 1 WHERE id = $1', [id]);
  assert.equal(versionOf(await read(id)), last);
});

test('the version does not depend on the time zone of the database session', async () => {
  const { id } = await invited({ starts_at: `'2026-01-01Z'` });
  const [row] = await testDatabase.query<InvitationRow>(
    `SELECT ${invitationColumns('i')}, set_config('TimeZone', 'Asia/Seoul', false) FROM "Invitation" i WHERE id = $1`,
    [id],
  );
  assert.equal(versionOf(row as InvitationRow), versionOf(await read(id)));
});

test('with a masked phone number, numbers with the same mask give the same version', async () => {
  const numbers = ['+821083625678', '+821000005678', '+821099995678'];
  const rows = await Promise.all(numbers.map((phone) => invited({ phone: `'${phone}'` })));
  const versions = (inFull: boolean) => new Set(rows.map((row) => showInvitation(row, settings, inFull).version)).size;
  assert.deepEqual([versions(true), versions(false)], [numbers.length, 1]);
});

test('times that SQL has and RFC 3339 does not are still shown', async () => {
  const { id } = await invited({ starts_at: `'-infinity'`, expires_at: `'infinity'` });
  const shown = shownInFull(await read(id));
  assert.deepEqual([shown.status, shown.starts_at, shown.expires_at], ['usable', null, null]);
  const far = shownInFull(await invited({ expires_at: `'12000-01-01Z'` }));
  assert.equal(far.expires_at, '9999-12-31T23:59:59.999Z');
});
