import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import { bulkClient, type Line, linesOf, type TextAnswer } from '../support/bulk-client.ts';
import { makeKey } from '../support/operator-scenes.ts';
import { beginSignUp } from '../support/sign-up-scenes.ts';

const application = await openApplication();
after(() => application[Symbol.asyncDispose]());
const client = bulkClient(application);
const { query } = application;

const columns = [
  ...['id', 'code', 'link', 'status', 'max_uses', 'used', 'held', 'free', 'campaign', 'note', 'phone'],
  ...['created_by', 'created_at', 'starts_at', 'expires_at', 'revoked_at'],
];

/** @returns what a CSV reader finds, including apostrophes. */
function rowsOf({ status, text }: TextAnswer): Record<string, string>[] {
  assert.equal(status, 200);
  assert.equal(text.charCodeAt(0), 0xfeff);
  const [names, ...rows] = parse(text, { bom: true });
  assert.deepEqual(names, columns);
  return rows.map((cells) => Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? ''])));
}
const codesOf = (answer: TextAnswer) => rowsOf(answer).map(({ code }) => code);
const audited = () => query<Line>(`SELECT * FROM audit_log WHERE action = 'invitation.export' ORDER BY id`);

/** Columns that an import accepts; the others belong to the row. */
const carried = ['code', 'max_uses', 'campaign', 'note', 'phone', 'starts_at', 'expires_at'];
const carriedOf = (answer: TextAnswer) =>
  rowsOf(answer)
    .map((row) => carried.map((name) => row[name]))
    .sort();

test('each column holds what the list shows', async () => {
  await query(`INSERT INTO "Invitation" (code, max_uses, use_count, campaign, note, phone, created_by, created_at, starts_at, expires_at)
    VALUES ('EXPORTED', 5, 2, '봄', '"Kim", 민수', '+821023456789', 'an operator', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00.5Z', '2099-01-01T00:00:00Z')`);
  await beginSignUp(application, 'EXPORTED');
  const [row] = rowsOf(await client.export('campaign=%EB%B4%84'));
  const { id, ...rest } = row ?? {};
  assert.match(id ?? '', /^\d+$/);
  assert.deepEqual(rest, {
    code: 'EXPORTED',
    link: '',
    status: 'usable',
    max_uses: '5',
    used: '2',
    held: '1',
    free: '2',
    campaign: '봄',
    note: '"Kim", 민수',
    phone: "'+821023456789",
    created_by: 'an operator',
    created_at: '2026-01-01T00:00:00.000Z',
    starts_at: '2026-02-01T00:00:00.500Z',
    expires_at: '2099-01-01T00:00:00.000Z',
    revoked_at: '',
  });
  const [line] = linesOf(await client.export('format=ndjson&campaign=%EB%B4%84'));
  assert.deepEqual(Object.keys(line ?? {}), columns);
  assert.deepEqual([line?.max_uses, line?.phone, line?.link], [5, '+821023456789', null]);
});

test('a viewer gets phone numbers masked, an issuer and an admin in full', async () => {
  for (const [role, phone] of [
    ['viewer', '010-****-6789'],
    ['issuer', "'+821023456789"],
    ['admin', "'+821023456789"],
  ] as const) {
    const { key } = await makeKey(application, role);
    const [row] = rowsOf(await bulkClient(application, key).export('campaign=%EB%B4%84'));
    assert.equal(row?.phone, phone, role);
  }
  // As a phone number it would be another one: an import refuses it rather than unbinding the invitation.
  const masked = await client.import('code,phone\nEXPORTED-2,010-****-6789\n');
  assert.equal(masked.status, 422);
});

test('the list filters apply to an export, and text searches find all matches, not the first thousand', async () => {
  await query(`INSERT INTO "Invitation" (code, campaign, note, is_used, revoked_at, created_at, batch)
    SELECT 'MANY-' || n, 'many', CASE WHEN n % 2 = 0 THEN 'even ones' END, n % 3 = 0, CASE WHEN n % 5 = 0 THEN now() END,
      '2025-01-01T00:00:00Z'::timestamptz + n * interval '1 minute', '0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10' FROM generate_series(1, 3500) AS n`);
  const counts = {
    'campaign=many': 3_500,
    'batch=0198c7a2-6f0e-7c41-9d55-2f8f4c1b7a10': 3_500,
    'campaign=many&status=revoked': 700,
    'campaign=many&status=used': 933,
    'campaign=many&status=usable': 1_867,
    'campaign=many&status=free': 1_867,
    'campaign=many&status=expired': 0,
    'text=many-': 3_500,
    'text=even': 1_750,
    'text=even&status=used': 467,
    'created_from=2025-01-01T01:00:00Z&created_to=2025-01-01T02:00:00Z': 60,
    'text=nothing%20like%20it': 0,
  };
  for (const [asked, count] of Object.entries(counts)) {
    const codes = codesOf(await client.export(asked));
    assert.deepEqual([codes.length, new Set(codes).size], [count, count], asked);
    assert.equal(linesOf(await client.export(`${asked}&format=ndjson`)).length, count, asked);
    const { text: _text, ...filters } = Object.fromEntries(new URLSearchParams(asked));
    const [entry] = (await audited()).slice(-1);
    const moments = Object.fromEntries(
      Object.entries(filters).map(([name, value]) => [name, name.startsWith('created') ? new Date(value).toISOString() : value]),
    );
    const wanted = { ...moments, ...(asked.startsWith('text') && { text: 'set' }), format: 'ndjson', count };
    assert.deepEqual([entry?.subject, entry?.operator, entry?.after], ['invitation', 'local', wanted]);
  }
});

for (const [asked, ...broken] of [
  ['format=xml', 'format invalid_value'],
  ['status=lost', 'status invalid_value'],
  ['batch=1', 'batch invalid_format'],
  ['text=%00', 'text search_characters'],
  ['created_from=yesterday', 'created_from moment_format'],
  ['campaign=%20', 'campaign search_empty'],
] as const) {
  test(`refused, and no entry in the audit log: ${asked}`, async () => {
    const entries = await audited();
    assertInvalid(await client.export(asked), ...broken);
    assert.deepEqual(await audited(), entries);
  });
}

test('an export can be imported: here nothing changes, elsewhere it recreates the invitations', async () => {
  const odd = [
    '=1+1',
    '+82 10',
    '@x',
    '-x',
    "'=1",
    "''+",
    "'quoted'",
    '"',
    ',',
    '한글',
    'a"b,c',
    ' inner  space ',
    '\t=1',
    '＝1',
    '\u{1f600}',
  ];
  for (const [at, text] of odd.entries()) {
    await query('INSERT INTO "Invitation" (code, campaign, note, max_uses, phone) VALUES ($1, $2, $3, $4, $5)', [
      `ODD.${at}`,
      text.trim(),
      text.trim(),
      at + 1,
      at % 2 ? '+821023456789' : null,
    ]);
  }
  // Values that only SQL may have stored: the API would refuse them now.
  const legacy = ['=code', "'=code", '-', '초대 코드', 'ＷＩＤＥ', 'wi,de', 'q"uote'];
  for (const code of legacy)
    await query(`INSERT INTO "Invitation" (code, note, campaign) VALUES ($1, E'two\\nlines\\r\\n', ' padded ')`, [code]);
  await query("UPDATE campaigns SET revoked_at = now() WHERE name = 'x'");
  await query(`INSERT INTO "Invitation" (code, expires_at, revoked_at) VALUES ('OLD', '2020-01-01T00:00:00.123456Z', now())`);

  const whole = await client.export();
  const { length } = rowsOf(whole);
  const again = await client.import(whole.text);
  assert.deepEqual(
    [again.status, again.body.lines, again.body.created, again.body.unchanged],
    [200, length, 0, length],
    again.text.slice(0, 500),
  );

  await using elsewhere = await openApplication();
  const other = bulkClient(elsewhere);
  for (const filter of ['text=odd', 'campaign=many', 'text=old']) {
    const part = await client.export(filter);
    const made = await other.import(part.text);
    assert.deepEqual([made.status, made.body.created], [200, rowsOf(part).length], made.text.slice(0, 500));
    assert.deepEqual(carriedOf(await other.export(filter)), carriedOf(part));
  }
});

test('every value of an invitation survives export and import', async () => {
  await using elsewhere = await openApplication();
  const other = bulkClient(elsewhere);
  const word = fc.string({ unit: fc.constantFrom('=', '+', '-', '@', "'", '"', ',', 'a', '가', ' ', '1'), minLength: 1, maxLength: 6 });
  const label = fc.oneof(word, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }));
  const property = fc.asyncProperty(
    fc.array(fc.record({ campaign: label, note: label }), { minLength: 1, maxLength: 8 }),
    async (lines) => {
      await elsewhere.query('DELETE FROM "Invitation"');
      const accepted = [];
      for (const { campaign, note } of lines) {
        const headers = { authorization: `Bearer ${elsewhere.services.localKey}` };
        const { status } = await elsewhere.send('POST', '/admin/invitations', { campaign, note, count: 1 }, headers);
        if (status === 201) accepted.push(1);
        else assert.equal(status, 422);
      }
      const file = await other.export();
      const stored = await elsewhere.query('SELECT code, campaign, note FROM "Invitation" ORDER BY code');
      assert.equal((await other.import(file.text)).body.unchanged, accepted.length);
      await elsewhere.query('DELETE FROM "Invitation"');
      assert.equal((await other.import(file.text)).body.created, accepted.length);
      assert.deepEqual(await elsewhere.query('SELECT code, campaign, note FROM "Invitation" ORDER BY code'), stored);
    },
  );
  await fc.assert(property, { numRuns: 12 });
});
