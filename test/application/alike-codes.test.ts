import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { keyOfCode } from '../../src/invitations/code-key.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { bulkClient } from '../support/bulk-client.ts';
import { asOperator, itemsOf } from '../support/operator-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const send = asOperator(application);
const client = bulkClient(application);

const create = (code: string) => send('POST', '/admin/invitations', { code });
const insert = (code: string, more = '') => application.query(`INSERT INTO "Invitation" (code) VALUES ($1) ${more}`, [code]);
async function idOf(code: string): Promise<number> {
  const [row] = await application.query<{ id: number }>('SELECT id FROM "Invitation" WHERE code = $1', [code]);
  return row?.id ?? assert.fail(code);
}
/** @returns the code of the invitation that the typed code opens a session on, or the problem's code. */
async function meant(typed: string): Promise<unknown> {
  const { status, body } = await application.verify(typed);
  if (status !== 200) return body.code;
  const sql = `SELECT code FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId" WHERE "sessionId" = $1`;
  return (await application.query(sql, [body.sessionId]))[0]?.code;
}

test('a look-alike of an existing code is refused, and the error names the other code', async () => {
  const pairs = [
    ['ADMIN', 'admin'],
    ['WELCOME-PARK', 'welcomepark'],
    ['GREEN-TEA', 'GREENTEA'],
    ['OIL-10', 'o1l-lO'],
    ['초대-봄', '초대봄'],
    ['ＷＩＤＥ-2030', 'w1de2o30'],
  ] as const;
  for (const [first, second] of pairs) {
    const made = await create(first);
    assert.equal(made.status, 201, first);
    const refused = await create(second);
    assertRefused(refused, 409, 'invitation_code_alike');
    assert.deepEqual([refused.body.other_id, refused.body.other_code], [await idOf(first.normalize('NFKC')), first.normalize('NFKC')]);
    assert.match(String(refused.body.detail), new RegExp(`${first.normalize('NFKC')}`));
  }
  assertRefused(await create('ADMIN'), 409, 'invitation_code_taken');
  assert.equal(await meant('Admin'), 'ADMIN');
});

test('this holds whatever the state of the other code, and for codes made by SQL', async () => {
  for (const [code, end] of [
    ['Spent', 'is_used = true'],
    ['Stopped', 'revoked_at = now()'],
    ['Over', `expires_at = now() - interval '1 day'`],
    ['Later', `starts_at = now() + interval '1 day'`],
  ] as const) {
    await insert(code);
    await application.query(`UPDATE "Invitation" SET ${end} WHERE code = $1`, [code]);
    assertRefused(await create(code.toUpperCase()), 409, 'invitation_code_alike');
  }
  for (const [stored, code] of [
    ['LAMP–1\r', 'LAMP-1'],
    ['LAMP\u00a02', 'lamp2'],
    ['ＬＡＭＰ３', 'LAMP-3'],
    ['LAMP\u200b4', 'LAMP4'],
    ['\tLAMP 5', 'Lamp-5'],
    ['등불-6'.normalize('NFD'), '등불6'],
  ] as const) {
    await insert(stored);
    const refused = await create(code);
    assertRefused(refused, 409, 'invitation_code_alike');
    assert.equal(refused.body.other_code, stored);
    assertRefused(await client.import(`code\n${code}\n`), 422, 'import_refused');
  }
});

test('codes with different keys can coexist', () => {
  const word = fc.string({ unit: fc.constantFrom(...'ABEILO018-._'), minLength: 1, maxLength: 5 });
  return fc.assert(
    fc.asyncProperty(word, word, async (left, right) => {
      const [one, two] = [`P${left}9`, `P${right}9`];
      await application.query(`DELETE FROM "Invitation" WHERE code LIKE 'P%9'`);
      assert.equal((await create(one)).status, 201);
      const { status, body } = await create(two);
      const expected = one === two ? 'invitation_code_taken' : keyOfCode(one) === keyOfCode(two) ? 'invitation_code_alike' : undefined;
      assert.deepEqual([status, body.code], expected ? [409, expected] : [201, undefined], `${one} ${two}`);
    }),
    { numRuns: 60 },
  );
});

test('a file with a look-alike code is refused and names the other code; exact matches are left as they are', async () => {
  await create('LINE-ONE');
  await insert('Old');
  await insert('OLD');
  const faulty = await client.import('code\nlineone\nFINE\nf-i-n-e\nFINE\n');
  assertRefused(faulty, 422, 'import_refused');
  const errors = (faulty.body.errors ?? []) as unknown as { line: number; code: string; message: string }[];
  assert.deepEqual(
    errors.map(({ line, code }) => [line, code]),
    [
      [2, 'code_alike'],
      [4, 'code_alike_in_file'],
      [5, 'code_twice'],
    ],
  );
  assert.match(errors[0]?.message ?? '', /LINE-ONE/);
  const again = await client.import('code\nOld\nOLD\nLINE-ONE\nNEW-ONE\n');
  assert.deepEqual([again.status, again.body.created, again.body.unchanged], [200, 1, 3]);
  assertRefused(await client.import('code\nold\n'), 422, 'import_refused');
});

test('of several look-alikes made by SQL, the only usable one is found', async () => {
  for (const code of ['Trio', 'TRIO', 'trio']) await insert(code);
  assert.equal(await meant('TR-IO'), 'invitation_not_found');
  await application.query(`UPDATE "Invitation" SET is_used = true WHERE code = 'Trio'`);
  assert.equal(await meant('TR-IO'), 'invitation_not_found');
  await application.query(`UPDATE "Invitation" SET revoked_at = now() WHERE code = 'TRIO'`);
  assert.equal(await meant('TR-IO'), 'trio');
  assert.equal(await meant('Trio'), 'invitation_used', 'an exact code comes first');
  await application.query(`UPDATE "Invitation" SET starts_at = now() + interval '1 day' WHERE code = 'trio'`);
  assert.equal(await meant('TR-IO'), 'invitation_not_started');
  await application.query(`UPDATE "Invitation" SET expires_at = now() WHERE code = 'trio'`);
  assert.equal(await meant('TR-IO'), 'invitation_not_found');
});

test('a look-alike cannot be restored, prolonged or given seats while another is usable', async () => {
  await insert('Dup');
  await insert('DUP');
  const [first, second] = [await idOf('Dup'), await idOf('DUP')];
  assert.equal((await send('POST', `/admin/invitations/${first}/revoke`)).status, 200);
  assertRefused(await send('POST', `/admin/invitations/${first}/restore`), 409, 'invitation_code_alike');
  await application.query('UPDATE "Invitation" SET is_used = true, use_count = 1 WHERE id = $1', [first]);
  assert.equal((await send('POST', `/admin/invitations/${first}/restore`)).status, 200, 'it is used up');
  const change = (body: object) =>
    application.http.inject({
      method: 'PATCH',
      url: `/admin/invitations/${first}`,
      headers: { authorization: `Bearer ${application.services.localKey}`, 'if-match': '*' },
      payload: body,
    });
  const refused = await change({ max_uses: 2 });
  assert.deepEqual([refused.statusCode, refused.json<{ code: string }>().code], [409, 'invitation_code_alike']);
  assert.equal((await send('POST', `/admin/invitations/${second}/revoke`)).status, 200);
  assert.equal((await change({ max_uses: 2 })).statusCode, 200);
  assertRefused(await send('POST', `/admin/invitations/${second}/restore`), 409, 'invitation_code_alike');
});

test('a campaign is not restored while one of its codes has a usable look-alike, in it or elsewhere', async () => {
  const scenes: readonly (readonly [campaign: string, codes: readonly string[], elsewhere: readonly string[], alike: readonly string[]])[] =
    [
      ['inside', ['Tea-1', 'TEA-1', 'Tea-2'], [], ['Tea-1', 'TEA-1']],
      ['outside', ['Cup-1', 'Cup-2'], ['cup1'], ['Cup-1', 'cup1']],
      ['signs', ['Pot–1'], ['POT 1'], ['Pot–1', 'POT 1']],
      ['look', ['OIL-7'], ['0117'], ['OIL-7', '0117']],
      ['wide', ['ＣＡＮ－１'], ['can1'], ['ＣＡＮ－１', 'can1']],
    ];
  for (const [campaign, codes, elsewhere, alike] of scenes) {
    for (const code of codes) await application.query('INSERT INTO "Invitation" (code, campaign) VALUES ($1, $2)', [code, campaign]);
    assert.equal((await send('POST', `/admin/campaigns/${campaign}/revoke`)).status, 200);
    for (const code of elsewhere) await insert(code);
    const refused = await send('POST', `/admin/campaigns/${campaign}/restore`);
    assertRefused(refused, 409, 'invitation_code_alike');
    assert.ok(
      alike.every((code) => String(refused.body.detail).includes(code)),
      String(refused.body.detail),
    );
    assert.notEqual((await send('GET', `/admin/campaigns/${campaign}`)).body.revoked_at, null);
    assert.equal(await meant(codes.at(-1) ?? ''), 'invitation_revoked');
    await application.query(`UPDATE "Invitation" SET is_used = true WHERE code = $1`, [alike[1]]);
    assert.equal((await send('POST', `/admin/campaigns/${campaign}/restore`)).status, 200, campaign);
    assert.equal((await send('POST', `/admin/campaigns/${campaign}/restore`)).status, 200, 'repeating it changes nothing');
  }
});

test('the list names all look-alikes', async () => {
  for (const code of ['Many-1', 'MANY-1', 'manyI']) await insert(code);
  const listed = async (code_like: string) =>
    itemsOf<{ code: string }>(await send('GET', `/admin/invitations?${new URLSearchParams({ code_like })}`)).map(({ code }) => code);
  assert.deepEqual(await listed('many 1'), ['manyI', 'MANY-1', 'Many-1']);
  assert.deepEqual(await listed('many'), []);
  assert.deepEqual(await listed('-'), []);
});
