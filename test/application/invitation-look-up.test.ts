import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import { asOperator, itemsOf } from '../support/operator-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const send = asOperator(application);

interface Item {
  readonly code: string;
  readonly people?: readonly { readonly user_id: number; readonly name: string; readonly created_at: string }[];
}
const listed = async (query: Readonly<Record<string, string>>) =>
  itemsOf<Item>(await send('GET', `/admin/invitations?${new URLSearchParams(query)}`));
const codesOf = async (query: Readonly<Record<string, string>>) => (await listed(query)).map(({ code }) => code);

test('a code finds its invitation and no other with the same beginning', async () => {
  // Older than a thousand and more that begin with it.
  assert.equal((await send('POST', '/admin/invitations', { code: 'LAUNCH', note: 'the one' })).status, 201);
  for (let round = 0; round < 3; round += 1) {
    assert.equal((await send('POST', '/admin/invitations', { count: 1_000, prefix: 'LAUNCH' })).status, 201);
  }
  for (const code of ['LAUNCH', 'launch', ' l-a u nch']) assert.deepEqual(await codesOf({ code }), ['LAUNCH'], code);
  assert.deepEqual(await codesOf({ code: 'LAUNC' }), []);
  assert.deepEqual(await codesOf({ code: 'LAUNCH', status: 'usable', text: 'the one' }), ['LAUNCH']);
  assert.deepEqual(await codesOf({ code: 'LAUNCH', status: 'revoked' }), []);
});

test('of look-alike codes each is found by an exact match, and none by another spelling', async () => {
  await application.query(`INSERT INTO "Invitation" (code) VALUES ('Twin'), ('TWIN')`);
  assert.deepEqual(await codesOf({ code: 'Twin' }), ['Twin']);
  assert.deepEqual(await codesOf({ code: 'TWIN' }), ['TWIN']);
  assert.deepEqual(await codesOf({ code: 'twin' }), []);
});

test('an impossible code is refused as the field `code`', async () => {
  const mistakes: [string, string][] = [
    ['', 'code_empty'],
    ['a\0', 'code_invalid'],
    ['x'.repeat(3_000), 'code_invalid'],
  ];
  for (const [code, rule] of mistakes)
    assertInvalid(await send('GET', `/admin/invitations?${new URLSearchParams({ code })}`), `code ${rule}`);
});

test('on request the list has the users of each invitation, newest first', async () => {
  await send('POST', '/admin/invitations', { code: 'PEOPLE', max_uses: 3, campaign: 'people' });
  await send('POST', '/admin/invitations', { code: 'NOBODY', campaign: 'people' });
  for (const name of ['first', '홍길동', 'last']) assert.equal((await application.signUp('PEOPLE', { name })).answer.status, 200);
  const [unused, people] = await listed({ campaign: 'people', people: '2' });
  assert.deepEqual([unused?.code, unused?.people], ['NOBODY', []]);
  assert.deepEqual(
    people?.people?.map(({ name }) => name),
    ['last', '홍길동'],
  );
  assert.match(people?.people?.[0]?.created_at ?? '', /^\d{4}-.*Z$/);
  for (const unasked of [{}, { people: '0' }]) {
    const [item] = await listed({ campaign: 'people', ...unasked });
    assert.ok(item && !('people' in item));
  }
  assertInvalid(await send('GET', '/admin/invitations?people=11'), 'people out_of_range');
});
