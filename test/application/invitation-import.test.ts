import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid, assertRefused } from '../support/assert-refused.ts';
import { bulkClient, type Line, type TextAnswer } from '../support/bulk-client.ts';
import { makeKey } from '../support/operator-scenes.ts';
import { storedInvitation } from '../support/stored-rows.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const client = bulkClient(application);
const { query } = application;

const rows = async () => (await query<{ count: number }>('SELECT count(*) AS count FROM "Invitation"'))[0]?.count;
const audited = () => query<Line>(`SELECT * FROM audit_log WHERE action = 'invitation.import' ORDER BY id`);

let files = 0;
/** @returns a word that no other file has. */
function fresh(): string {
  files += 1;
  return `FILE${files}`;
}

function assertImported(
  answer: TextAnswer,
  counts: { lines: number; created: number; unchanged: number; updated?: number; updated_lines?: number[] },
  dry_run = false,
): string | null {
  const { batch, ...body } = answer.body as Line & { batch: string | null };
  assert.deepEqual([answer.status, body], [200, { dry_run, updated: 0, updated_lines: [], ...counts, errors: [] }], answer.text);
  assert.equal(batch !== null, counts.created > 0 && !dry_run);
  return batch;
}

/** Asserts that nothing was stored, and which errors were told: `3 phone phone_characters`. */
async function assertFaulty(file: string | Uint8Array, ...errors: readonly string[]): Promise<TextAnswer> {
  return assertFaultyAs('', file, ...errors);
}

async function assertFaultyAs(options: string, file: string | Uint8Array, ...errors: readonly string[]): Promise<TextAnswer> {
  const before = await rows();
  const answer = await client.import(file, { query: options });
  assertRefused(answer, 422, 'import_refused');
  assert.deepEqual(
    (answer.body.errors as unknown as readonly Record<'line' | 'field' | 'code', unknown>[]).map(({ line, field, code }) =>
      [line, field, code].filter((part) => part !== '').join(' '),
    ),
    errors,
  );
  assert.equal(answer.body.error_count, errors.length);
  for (const { message } of answer.body.errors ?? []) assert.doesNotMatch(message, /\{\w+\}/);
  assert.equal(await rows(), before, 'something was stored');
  return answer;
}

test('each line becomes an invitation, and empty cells count as missing', async () => {
  const name = fresh();
  const file = [
    '\ufeffid,Code,max_uses,STARTS_AT,expires_at, valid_for ,campaign,note,phone,created by',
    `1,${name}-A,12,2030-01-01T00:00:00Z,2031-01-01T00:00:00+09:00,,봄 캠페인,"Kim, ""the"" guest",010-2345-6789,x`,
    `,${name}-B,,2030-01-01T00:00:00Z,,7d,,,,`,
    '',
    `,${name}-C,,,,,,,,`,
    '',
  ].join('\r\n');
  const batch = assertImported(await client.import(file), { lines: 3, created: 3, unchanged: 0 });
  const stored = async (suffix: string) => {
    const { id: _id, created_at, ...row } = await storedInvitation(application, `${name}-${suffix}`);
    assert.ok(created_at instanceof Date);
    return row;
  };
  const common = { is_used: false, used_by: null, use_count: 0, revoked_at: null, created_by: 'local', batch };
  assert.deepEqual(await stored('A'), {
    ...common,
    code: `${name}-A`,
    max_uses: 12,
    starts_at: new Date('2030-01-01T00:00:00Z'),
    expires_at: new Date('2030-12-31T15:00:00Z'),
    campaign: '봄 캠페인',
    note: 'Kim, "the" guest',
    phone: '+821023456789',
  });
  const nothing = { max_uses: 1, starts_at: null, expires_at: null, campaign: null, note: null, phone: null };
  const week = { starts_at: new Date('2030-01-01T00:00:00Z'), expires_at: new Date('2030-01-08T00:00:00Z') };
  assert.deepEqual(await stored('B'), { ...common, ...nothing, code: `${name}-B`, ...week });
  assert.deepEqual(await stored('C'), { ...common, ...nothing, code: `${name}-C` });
  assert.equal((await query("SELECT FROM campaigns WHERE name = '봄 캠페인'")).length, 1);

  const [entry] = (await audited()).slice(-1);
  assert.deepEqual([entry?.subject, entry?.subject_id, entry?.operator], ['invitation', null, 'local']);
  assert.deepEqual(entry?.after, { lines: 3, created: 3, unchanged: 0, batch });
});

test('a file may be sent again: codes that exist are left as they are, whatever the line says', async () => {
  const name = fresh();
  assertImported(await client.import(`code,note\n${name}-A,first\n`), { lines: 1, created: 1, unchanged: 0 });
  const before = await storedInvitation(application, `${name}-A`);
  assertImported(await client.import(`code,note\n${name}-A,second\n${name}-B,\n`), { lines: 2, created: 1, unchanged: 1 });
  assertImported(await client.import(`code,max_uses,campaign\n${name}-A,none,\0\n`), { lines: 1, created: 0, unchanged: 1 });
  await query('INSERT INTO campaigns (name, revoked_at) VALUES ($1, now())', [name]);
  assertImported(await client.import(`code,campaign\n${name}-A,${name}\n`), { lines: 1, created: 0, unchanged: 1 });
  assert.deepEqual(await storedInvitation(application, `${name}-A`), before);
});

const update = { query: 'update=true' };

test('with update a line changes the invitation of its code, in the columns that the file has, and the audit log has one entry', async () => {
  const name = fresh();
  const first = `code,max_uses,expires_at,campaign,note,phone\n${name}-A,5,2030-01-01,${name},first,010-2345-6789\n${name}-B,1,2030-01-01,${name},,\n`;
  assertImported(await client.import(first), { lines: 2, created: 2, unchanged: 0 });
  const before = await storedInvitation(application, `${name}-A`);
  const second = `code,expires_at,note\n${name}-A,2031-06-01,\n${name}-B,2030-01-01,\n${name}-C,2031-06-01,new\n`;
  const entries = (await audited()).length;
  const counts = { lines: 3, created: 1, updated: 1, updated_lines: [2], unchanged: 1 };
  assertImported(await client.import(second, { query: 'update=true&dry_run=true' }), counts, true);
  assert.deepEqual(await storedInvitation(application, `${name}-A`), before, 'a dry run changes nothing');
  const batch = assertImported(await client.import(second, update), counts);
  const expires_at = new Date('2031-06-01T15:00:00Z');
  assert.deepEqual(await storedInvitation(application, `${name}-A`), { ...before, expires_at, note: null });
  assert.equal((await storedInvitation(application, `${name}-C`)).note, 'new');
  const [entry, ...others] = (await audited()).slice(entries);
  assert.deepEqual([entry?.after, others], [{ lines: 3, created: 1, updated: 1, unchanged: 1, batch }, []]);

  assertImported(await client.import(first, update), { lines: 2, created: 0, updated: 1, updated_lines: [2], unchanged: 1 });
  assert.deepEqual(await storedInvitation(application, `${name}-A`), before, 'the file before undoes it');
});

test('an empty cell of max_uses or valid_for changes nothing, and codes made by SQL are changed as they are', async () => {
  const name = fresh();
  await query(`INSERT INTO "Invitation" (code, max_uses, expires_at) VALUES ($1, 7, '2030-01-01')`, [`${name} 초대`]);
  const before = await storedInvitation(application, `${name} 초대`);
  assertImported(await client.import(`code,max_uses,valid_for,note\n${name} 초대,,,hello\n`, update), {
    lines: 1,
    created: 0,
    updated: 1,
    updated_lines: [2],
    unchanged: 0,
  });
  assert.deepEqual(await storedInvitation(application, `${name} 초대`), { ...before, note: 'hello' });
  await assertFaultyAs('update=true', `code\n${name} 새 초대\n`, '2 code code_characters');
});

test('with update nothing is stored where one line cannot be', async () => {
  const name = fresh();
  assertImported(
    await client.import(`code,max_uses,starts_at,campaign\n${name}-A,3,,\n${name}-B,1,2030-01-01,${name}-OLD\n${name}-C,1,,\n`),
    {
      lines: 3,
      created: 3,
      unchanged: 0,
    },
  );
  await query(`UPDATE "Invitation" SET use_count = 2 WHERE code = $1`, [`${name}-A`]);
  await query('INSERT INTO campaigns (name, revoked_at) VALUES ($1, now())', [`${name}-NO`]);
  const before = await query('SELECT * FROM "Invitation" WHERE code LIKE $1 ORDER BY id', [`${name}%`]);
  const file = (column: string, a: string, b: string, c: string) => `code,${column}\n${name}-A,${a}\n${name}-B,${b}\n${name}-C,${c}\n`;
  await assertFaultyAs('update=true', file('max_uses', '1', '5', '5'), '2 max_uses seats_in_use');
  await assertFaultyAs('update=true', file('expires_at', '2031-01-01', '2029-01-01', '2031-01-01'), '3 expires_at expiry_before_start');
  await assertFaultyAs('update=true', file('campaign', 'x', 'y', `${name}-NO`), '4 campaign campaign_revoked');
  await assertFaultyAs('update=true', file('max_uses', 'many', '1', '1'), '2 max_uses seats_number');
  assert.deepEqual(await query('SELECT * FROM "Invitation" WHERE code LIKE $1 ORDER BY id', [`${name}%`]), before);
});

test('existing codes made by SQL are left alone, even if they would be invalid now', async () => {
  const codes = ['한글 초대', 'ＡＢＣ', "it's", '=1+1', '@x', '-', ' padded ', 'x'.repeat(256)];
  for (const code of codes) await query('INSERT INTO "Invitation" (code) VALUES ($1)', [code]);
  const cell = (code: string) => `"${/^[=@-]/.test(code) ? "'" : ''}${code}"`;
  assertImported(await client.import(`code\n${codes.map(cell).join('\n')}\n`), { lines: 8, created: 0, unchanged: 8 });
});

test('a dry run reports the same and stores nothing', async () => {
  const name = fresh();
  const before = [await rows(), await audited(), await query('SELECT * FROM campaigns')];
  const file = `code,campaign\n${name}-A,${name}\n${name}-B,\n`;
  const options = { query: 'dry_run=true', headers: { 'idempotency-key': name } };
  assertImported(await client.import(file, options), { lines: 2, created: 2, unchanged: 0 }, true);
  assert.deepEqual([await rows(), await audited(), await query('SELECT * FROM campaigns')], before);
  assertImported(await client.import(file, { headers: options.headers }), { lines: 2, created: 2, unchanged: 0 });
  assertImported(await client.import(file, { query: 'dry_run=true' }), { lines: 2, created: 0, unchanged: 2 }, true);
});

test('the same file with the same key gives the same answer; another file is refused', async () => {
  const name = fresh();
  const headers = { 'idempotency-key': name };
  const first = await client.import(`code\n${name}\n`, { headers });
  assertImported(first, { lines: 1, created: 1, unchanged: 0 });
  const entries = await audited();
  assert.deepEqual((await client.import(`code\n${name}\n`, { headers })).body, first.body);
  assert.deepEqual(await audited(), entries);
  assertRefused(await client.import(`code\n${name}2\n`, { headers }), 422, 'idempotency_key_reused');
});

test('every error is reported with its line, and a single one means that nothing is stored', async () => {
  const name = fresh();
  await query('INSERT INTO campaigns (name, revoked_at) VALUES ($1, now())', [name]);
  const answer = await assertFaulty(
    [
      'code,max_uses,starts_at,expires_at,valid_for,campaign,note,phone',
      `${name}-A,,,,,,,`,
      ',,,,,,,',
      `${name}-B,0,,,,,,`,
      `${name}-C,1e3,2030-02-30T00:00:00Z,,,,,02-123-4567`,
      `${name}-A,,,,,,,`,
      `${name}-D,,,2030-01-01T00:00:00Z,7d,,,`,
      `${name}-E,,,,7 lightyears,,,`,
      `${name}-F,,,,,${name},,`,
      `${name}-G,,,,,,"two\nlines",`,
      `${name}-H,,,,,`,
      `${name} I,,,,,,,`,
      `${name}-J,,2030-01-02T00:00:00Z,2030-01-01T00:00:00Z,,,,`,
      '\0,,,,,,,',
      `${'x'.repeat(65)},9999999,,,,..,,`,
    ].join('\n'),
    '4 max_uses seats_number',
    '5 max_uses seats_number',
    '5 starts_at moment_format',
    '5 phone phone_not_mobile',
    '6 code code_twice',
    '7 valid_for expiry_twice',
    '8 valid_for duration_format',
    '9 campaign campaign_revoked',
    '10 note note_characters',
    '12 code code_characters',
    '13 expires_at expiry_before_start',
    '14 code code_invalid',
    '15 code code_too_long',
    '15 max_uses seats_number',
    '15 campaign campaign_dots',
  );
  assert.equal(answer.body.lines, 13);
  assert.match(answer.text, /2번째 줄에 이미/);
  assert.match(String(answer.body.detail), /15/);
  assert.equal(
    (await client.import(`code\n${name}-A\n\0`, { headers: { 'accept-language': 'ko' } })).body.title,
    '파일에 고칠 곳이 있습니다',
  );
});

test('the first hundred errors are reported, and all are counted', async () => {
  const name = fresh();
  const lines = Array.from({ length: 2_500 }, (_, index) => `${name}-${index},${index % 2 === 0 ? 'no' : ''}`);
  const before = await rows();
  const answer = await client.import(`code,max_uses\n${lines.join('\n')}\n`);
  assertRefused(answer, 422, 'import_refused');
  assert.deepEqual([answer.body.errors?.length, answer.body.error_count, answer.body.lines], [100, 1_250, 2_500]);
  assert.match(answer.text, /\{"line":200,[^}]*\}\]/);
  assert.equal(await rows(), before);
});

test('a duplicate code is found wherever it is, also in full-width letters', async () => {
  const name = fresh();
  const lines = Array.from({ length: 3_000 }, (_, index) => `${name}-${index}`);
  await assertFaulty(`code\n${lines.join('\n')}\n${name}-1\n`, '3002 code code_twice');
  await assertFaulty(`code\nＡ-${name}\nA-${name}\n`, '3 code code_alike_in_file');
  assertImported(await client.import(`code\nＡ-${name}\n`), { lines: 1, created: 1, unchanged: 0 });
  assertImported(await client.import(`code\nＡ-${name}\n`), { lines: 1, created: 0, unchanged: 1 });
  assert.equal((await storedInvitation(application, `A-${name}`)).max_uses, 1);
});

test('the apostrophe of an export is removed again', async () => {
  const name = fresh();
  const file = `code,campaign,note,phone\n'-${name},'=1+1,'@x,'+82 10-2345-6789\n.${name},'quoted',''=2,\n`;
  assertImported(await client.import(file), { lines: 2, created: 2, unchanged: 0 });
  const { campaign, note, phone } = await storedInvitation(application, `-${name}`);
  assert.deepEqual([campaign, note, phone], ['=1+1', '@x', '+821023456789']);
  const second = await storedInvitation(application, `.${name}`);
  assert.deepEqual([second.campaign, second.note], ["'quoted'", "'=2"]);
});

const bytes = (...parts: readonly (string | readonly number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

for (const [what, file, ...errors] of [
  ['nothing', '', '1 code csv_column_missing'],
  ['empty lines alone', '\n\n\r\n', '1 code csv_column_missing'],
  ['no column for codes', 'id,note\n1,x\n', '1 code csv_column_missing'],
  ['semicolons for commas', 'code;note\nX;y\n', '1 code csv_column_missing'],
  ['a line with no code', 'code,note\n ,x\n', '2 code code_empty'],
  ['a filled cell too many', 'code,note\nXA,a,b\n', '2 csv_cells'],
  ['a column twice', 'code,note,Code\nX,y,Z\n', '1 code csv_column_twice'],
  ['ten thousand columns', `code,${Array.from({ length: 10_000 }, (_, index) => index % 10).join(',')}\nX\n`, '1 csv_too_many_columns'],
  ['a binary file', bytes([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d]), '1 csv_not_utf8'],
  ['UTF-16', Buffer.from('\ufeffcode\nX\n', 'utf16le'), '1 csv_not_utf8'],
  ['EUC-KR in the third line', bytes('code,note\nXA,a\nXB,', [0xb0, 0xa1], '\nXC,c\n'), '3 csv_not_utf8'],
  ['a character that breaks off', bytes('code,note\nXA,', [0xed, 0x95]), '2 csv_not_utf8'],
  ['a quotation mark in a cell', 'code,note\nXA,a"b\n', '2 csv_quotes'],
  ['text after a quotation mark', 'code,note\nXA,"a"b\n', '2 csv_quotes'],
  ['a quotation mark that is not closed', 'code,note\nXA,"a\nXB,b\n', '2 csv_quotes'],
  ['one that is not closed for long', `code,note\nXA,"${'a\n'.repeat(100_000)}`, '2 csv_line_too_long'],
  ['a long line', `code,note\nXA,${'a'.repeat(40_000)}\n`, '2 csv_line_too_long'],
  ['a line of commas', ','.repeat(4_000_000), '1 csv_line_too_long'],
  ['NUL', 'code\n\0\n', '2 code code_invalid'],
  ['NUL in the first line', '\0code\nX\n', '1 code csv_column_missing'],
] as const) {
  test(`refused: ${what}`, async () => {
    await assertFaulty(file, ...errors);
  });
}

for (const [header, ...errors] of [
  [
    'code,max_use,expires,phone_number',
    '1 max_use csv_column_unknown',
    '1 expires csv_column_unknown',
    '1 phone_number csv_column_unknown',
  ],
  ['code,colour', '1 colour csv_column_unknown'],
  ['code,expire_at', '1 expire_at csv_column_unknown'],
  ['code,validfrom', '1 validfrom csv_column_unknown'],
  ['code,캠페인', '1 캠페인 csv_column_unknown'],
  ['code,010-1234-5678', '1 csv_column_unknown'],
] as const) {
  test(`refused: the columns ${header}`, async () => {
    const answer = await assertFaulty(`${header}\nTYPO-A,5,2026-12-31,010-1234-5678\n`, ...errors);
    assert.match(answer.text, /max_uses|expires_at|phone|valid_for|code/);
  });
}

test('names of columns may be in any case, width, with spaces, hyphens or invisible signs', async () => {
  const name = fresh();
  const file = `\ufeffＣＯＤＥ,Max Uses,EXPIRES-AT, note\u200b ,Phone\u00a0,,Created By\n${name},5,2031-01-01T00:00:00Z,x,010-1234-5678,,Kim\n`;
  assertImported(await client.import(file), { lines: 1, created: 1, unchanged: 0 });
  const { max_uses, expires_at, note, phone } = await storedInvitation(application, name);
  assert.deepEqual(
    { max_uses, expires_at, note, phone },
    { max_uses: 5, expires_at: new Date('2031-01-01T00:00:00Z'), note: 'x', phone: '+821012345678' },
  );
});

test('lines without cells, without their last empty ones, or with more of them are read', async () => {
  const name = fresh();
  const file = [
    'code,max_uses,note',
    `${name}-A `,
    `${name}-B,2`,
    ',,',
    ' ,\u00a0,',
    ',',
    `${name}-C,3,x,,`,
    `\u200b${name}–D,"４ ",`,
    `${name}-E,, \u3000`,
  ].join('\n');
  assertImported(await client.import(file), { lines: 5, created: 5, unchanged: 0 });
  const stored = await query<Line>(`SELECT code, max_uses, note FROM "Invitation" WHERE code LIKE '${name}%' ORDER BY code`);
  assert.deepEqual(stored, [
    { code: `${name}-A`, max_uses: 1, note: null },
    { code: `${name}-B`, max_uses: 2, note: null },
    { code: `${name}-C`, max_uses: 3, note: 'x' },
    { code: `${name}-D`, max_uses: 4, note: null },
    { code: `${name}-E`, max_uses: 1, note: null },
  ]);
});

test('programs name the media type of a table in several ways', async () => {
  for (const type of [
    'text/csv; header=present',
    'application/csv',
    'application/vnd.ms-excel',
    'text/x-csv',
    'text/comma-separated-values; charset=utf-8',
  ])
    assertImported(await client.import(`code\n${fresh()}\n`, { headers: { 'content-type': type } }), {
      lines: 1,
      created: 1,
      unchanged: 0,
    });
});

test('codes of another system are imported as they are, by admins, and let in', async () => {
  const codes = ['FRIEND 01', 'INV#2024', 'ABCDE-FGHJK-MNPQR', 'a/b', '(x)', '"q"', '100%', 'ＷＩＤＥ'];
  const file = `code\n${codes.map((code) => `"${code.replaceAll('"', '""')}"`).join('\n')}\n`;
  const refused = await client.import(file);
  assertRefused(refused, 422, 'import_refused');
  assert.ok(Number(refused.body.error_count) >= 6);
  const issuer = await makeKey(application, 'issuer');
  assertInvalid(await bulkClient(application, issuer.key).import(file, { query: 'as_they_are=true' }), 'as_they_are admins_only');
  assertImported(await client.import(file, { query: 'as_they_are=true&dry_run=true' }), { lines: 8, created: 8, unchanged: 0 }, true);
  assertImported(await client.import(file, { query: 'as_they_are=true' }), { lines: 8, created: 8, unchanged: 0 });
  for (const code of [...codes, 'friend01', 'inv#2024', 'abcdefghjkmnpqr'])
    assert.equal((await application.verify(code)).status, 200, code);
  assertImported(await client.import(file, { query: 'as_they_are=true' }), { lines: 8, created: 0, unchanged: 8 });
  for (const bad of ['x\0', ' ', 'x'.repeat(257)]) {
    const answer = await client.import(`code,note\n"${bad}",n\n`, { query: 'as_they_are=true' });
    assertRefused(answer, 422, 'import_refused');
  }
});

test('lines may end in any way, and several ways in one file', async () => {
  const name = fresh();
  for (const [at, end] of ['\n', '\r\n', '\r'].entries()) {
    const file = ['code,note', `${name}-${at}-A,"x"`, `${name}-${at}-B,y`, '', `${name}-${at}-C,z`].join(end);
    assertImported(await client.import(file), { lines: 3, created: 3, unchanged: 0 });
  }
  const mixed = `note,code\nx,${name}-A\r\n\r\ny,${name}-B\rz,${name}-C`;
  assertImported(await client.import(mixed), { lines: 3, created: 3, unchanged: 0 });
});

test('lines before an error are checked all the same', async () => {
  await assertFaulty('code,max_uses\nXA,no\nXB,"', '2 max_uses seats_number', '3 csv_quotes');
});

test('a file is accepted in one media type, uncompressed, up to 64 MiB', async () => {
  for (const type of [
    'application/json',
    'text/plain',
    'text/csv; charset=euc-kr',
    'application/vnd.ms-excel.sheet',
    'multipart/form-data; boundary=x',
  ]) {
    const answer = await client.import('code\nX\n', { headers: { 'content-type': type } });
    assertRefused(answer, 415, 'unsupported_media_type');
    assert.match(String(answer.body.detail), /text\/csv/);
  }
  assertRefused(await client.import('code\n', { headers: { 'content-encoding': 'gzip' } }), 415, 'unsupported_media_type');
  assertRefused(await client.import('', { headers: { 'content-length': String(2 ** 26 + 1) } }), 413, 'payload_too_large');
  assert.equal((await client.import('code\n', { query: 'dry_run=yes' })).status, 422);
});

test('a line too many is refused', async () => {
  const answer = await client.import(`code\n${'\n'.repeat(1_000_000)}X\n`);
  assertRefused(answer, 422, 'import_refused');
  assert.match(answer.text, /"line":1000002,"field":"","code":"csv_too_many_lines"/);
});

test('after every refused file the next one is accepted', async () => {
  await Promise.all([client.import('x'), client.import('y')]);
  assertImported(await client.import(`code\n${fresh()}\n`), { lines: 1, created: 1, unchanged: 0 });
});
