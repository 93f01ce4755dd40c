import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { generateCodes } from '../../src/invitations/code-generator.ts';
import { codeLookUp } from '../../src/invitations/code-look-up.ts';
import { isMissedGuess, unknownCode } from '../../src/invitations/problems.ts';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { bulkClient } from '../support/bulk-client.ts';
import { asOperator, itemsOf } from '../support/operator-scenes.ts';
import { codeSpellings, commonSpellings, signSpellings } from '../support/typed-spellings.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const operator = asOperator(application);

async function insert(...codes: readonly string[]): Promise<void> {
  await application.query('INSERT INTO "Invitation" (code) SELECT unnest($1::text[])', [codes]);
}

/** @returns the code of the invitation that a sign-up with this text is on; else the problem's code. */
async function verified(typed: string): Promise<unknown> {
  const { status, body } = await application.verify(typed);
  if (status !== 200) return body.code;
  const sql = `SELECT code FROM "RegisterSession" s JOIN "Invitation" i ON i.id = s."invitationId" WHERE "sessionId" = $1`;
  return (await application.query(sql, [body.sessionId]))[0]?.code;
}

/** The same by the list's filter, which `chodae invite show|revoke|restore|change` ask. */
async function listed(typed: string): Promise<unknown> {
  return itemsOf<{ code: string }>(await operator('GET', `/admin/invitations?${new URLSearchParams({ code: typed })}`))[0]?.code;
}

const places = { verified, listed };

const [code = '', prefixed = ''] = [...generateCodes(1), ...generateCodes(1, { prefix: 'SPRING' })];
await insert(code, prefixed);

for (const [name, spell] of Object.entries({ ...commonSpellings, ...signSpellings, ...codeSpellings })) {
  test(`a code is found everywhere from: ${name}`, async () => {
    for (const [place, meant] of Object.entries(places)) assert.equal(await meant(spell(code)), code, place);
    if (!name.includes('sentence')) assert.equal(await verified(spell(prefixed)), prefixed);
  });
}

test('codes made by SQL with signs, spaces and links in them are found as they are', async () => {
  const odd = ['"quoted"', 'Code: 7', 'FRIEND 01', 'INV#2024', 'https://x.example/#a', ' padded ', 'a\nb', '(1)', 'x.', 'A, B'];
  await insert(...odd);
  for (const stored of odd) for (const [place, meant] of Object.entries(places)) assert.equal(await meant(stored), stored, place);
});

test('an exact code wins over look-alikes also where it was quoted', async () => {
  await insert('Quoted-1', 'QUOTED-1');
  for (const stored of ['Quoted-1', 'QUOTED-1']) {
    for (const typed of [`"${stored}"`, ` ${stored}\n`, `Code: ${stored}`, `https://x.example/join#${stored}`]) {
      assert.equal(await verified(typed), stored, typed);
    }
  }
  assert.equal(await verified('quoted-1'), 'invitation_not_found');
});

test('an address without a code is told so, and is no guess', async () => {
  for (const typed of [
    'https://signup.example.com/join',
    'https://signup.example.com/join#',
    'www.example.com',
    'signup.example.com/join',
    '"https://signup.example.com/?code="',
    'https://l.facebook.com/l.php?u=https%3A%2F%2Fsignup.example.com%2Fjoin&h=AT0',
  ]) {
    assertRefused(await application.verify(typed), 404, 'invitation_link_without_code');
    assert.equal(isMissedGuess(unknownCode(typed), typed), false, typed);
  }
});

test('a wrong code in a link, in signs or with a label is a guess as it is without', async () => {
  const [unknown = ''] = generateCodes(1);
  for (const typed of [
    unknown,
    `"${unknown}"`,
    `Code: ${unknown}`,
    `https://x.example/join#${unknown}`,
    'https://x.example/join#welcome',
    'Code: welcome',
  ]) {
    assertRefused(await application.verify(typed), 404, 'invitation_not_found');
    assert.equal(isMissedGuess(unknownCode(typed), typed), true, typed);
  }
});

test('only a text that has the form of a code as a whole is called mistyped', async () => {
  const [right = ''] = generateCodes(1);
  const wrong = right.slice(0, -1) + (right.endsWith('7') ? '8' : '7');
  for (const typed of [wrong, ` ${wrong}\n`, `"${wrong}"`, `Code: ${wrong}`, wrong.toLowerCase(), `https://x.example/#${wrong}`])
    assert.equal(await verified(typed), 'invitation_mistyped', typed);
  for (const typed of [
    `the code is ${wrong} they said`,
    'ABCDE FGHJK LMNOP is what I got',
    `${wrong}, ${wrong}`,
    'hello there my dear friends',
  ])
    assert.equal(await verified(typed), 'invitation_not_found', typed);
});

test('a text without anything visible is empty, and what cannot be stored is invalid', async () => {
  for (const typed of ['', ' ', '   ', '\n', '\t', '\u00a0', '\u200b', '\u3164', '\ufeff \u2060'])
    assertInvalid(await application.verify(typed), 'invitation_code code_empty');
  for (const typed of ['\0', 'TEST\0', '\ud800', 'x'.repeat(257), 'x'.repeat(3_000)])
    assertInvalid(await application.verify(typed), 'invitation_code code_invalid');
});

test('a code cell of a file is read as a typed code is', async () => {
  const client = bulkClient(application);
  const made = await client.import('code,note\n"CELL-1 ",a\n\u00a0CELL–2,b\nＣＥＬＬ－３,c\n\u200bCELL-4,d\n"CELL-5\n",e\n');
  assert.deepEqual([made.status, made.body.created], [200, 5], made.text);
  const stored = await application.query(`SELECT code FROM "Invitation" WHERE code LIKE 'CELL%' ORDER BY code`);
  assert.deepEqual(
    stored.map((row) => row.code),
    ['CELL-1', 'CELL-2', 'CELL-3', 'CELL-4', 'CELL-5'],
  );
});

test('10,000 texts that hold no code open no sign-up', async () => {
  await insert('welcome', 'SPRING', 'ABCDE', '2026');
  const stored = new Set(['welcome', 'spring', 'abcde', '2026']);
  const word = fc.oneof(
    fc.lorem({ maxCount: 1 }),
    fc.constantFrom('초대', 'code', 'https://example.com', '-', 'SPRINGS', '#', '"', 'ABCD', '20260', ':'),
  );
  const texts = fc.sample(fc.array(word, { minLength: 2, maxLength: 12 }), 10_000).map((words) => words.join(' '));
  const keyOf = (text: string) => text.toLowerCase().replace(/[ -]/g, '');
  for (const text of texts) assert.ok(!stored.has(keyOf(codeLookUp(text).plain)), text);
  for (const text of texts.slice(0, 200)) assert.notEqual((await application.verify(text)).status, 200, text);
});
