import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, mock, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { invite } from '../support/sign-up-scenes.ts';
import { storedInvitation } from '../support/stored-rows.ts';

const application = await openApplication({ allow: [/"msg":"response aborted by an error"/] });
after(() => application[Symbol.asyncDispose]());
const { query, services } = application;
const headers = { authorization: `Bearer ${services.localKey}` };

let port: number;
before(async () => {
  await application.http.listen({ host: '127.0.0.1', port: 0 });
  port = (application.http.server.address() as AddressInfo).port;
});
beforeEach(async () => {
  for (const table of ['"User"', 'audit_log']) await query(`DELETE FROM ${table}`);
});

const exported = async (asked = '') => application.http.inject({ url: `/admin/users/export${asked}`, headers });
const open = (asked: string) =>
  new Promise<IncomingMessage>((resolve, reject) =>
    get({ host: '127.0.0.1', port, path: `/admin/users/export${asked}`, headers }, resolve).once('error', reject),
  );

/** Inserts users directly whose names have so many characters, and more. */
// An export does not use it, and names as long as these would take half a minute to index.
await query('DROP INDEX "User_search_idx"');

const insertUsers = (count: number, nameLength: number) =>
  query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId")
     SELECT n || repeat('가', $2::int), '$2b$04$hash of nobody', '1990-01-01', '010-0000-0000', 1 FROM generate_series(1, $1::int) n`,
    [count, nameLength],
  );

test('the file has every user in full, with the invitation, and never the hash of a password', async () => {
  const code = await invite(application, { campaign: `'봄'` });
  const { userId, person } = await application.signUp(code, { phone: '010-2345-6789', birthday: '1957-03-19' });
  const { id } = await storedInvitation(application, code);
  const answer = await exported();
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8');
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="users.csv"');
  const [names, line, ...rest] = answer.payload.split('\r\n');
  assert.equal(names, '\ufeffid,name,phone,birthday,created_at,invitation_id,invitation_code,campaign');
  const created = /,(\d{4}-\d\d-\d\dT[\d:.]+Z),/.exec(line ?? '')?.[1];
  assert.equal(line, [userId, person.name, '010-2345-6789', '1957-03-19', created, id, code, '봄'].join());
  assert.deepEqual(rest, ['']);
  assert.ok(!answer.payload.includes('$2b$'));

  const lines = (await exported('?format=ndjson')).payload.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((text) => JSON.parse(text)),
    [
      {
        id: userId,
        name: person.name,
        phone: '010-2345-6789',
        birthday: '1957-03-19',
        created_at: created,
        invitation_id: id,
        invitation_code: code,
        campaign: '봄',
      },
    ],
  );
});

test('names that a spreadsheet would evaluate become text, and odd ones stay in their cell', async () => {
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', 'a\n=1', '="a", "b"', '<b>굵게</b>', '‘초대’, "둘"', "it's"];
  for (const name of names) {
    await query(`INSERT INTO "User" (name, password, birthday, phone, "invitationId") VALUES ($1, 'hash', '', '+82 10-2345-6789', 1)`, [
      name,
    ]);
  }
  const { payload } = await exported();
  const harmless = [
    "'=1+1",
    "'+1",
    "'-1",
    "'@SUM(A1)",
    "'\t=1",
    '"\'\r=1"',
    '"\n=1"',
    '"a\n=1"',
    '"\'=""a"", ""b"""',
    '<b>굵게</b>',
    '"‘초대’, ""둘"""',
    "it's",
  ];
  for (const cell of harmless) assert.ok(payload.includes(`,${cell},'+82 10-2345-6789,`), JSON.stringify(cell));
  assert.doesNotMatch(payload.replace(/"(?:[^"]|"")*"/g, 'quoted'), /(?:^|[,\r\n])[=+\-@\t]/, 'a cell begins a formula');
  const lines = (await exported('?format=ndjson')).payload.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).name),
    names.reverse(),
    'JSON has them as they are',
  );
});

test('the list filters apply to the export', async () => {
  await insertUsers(5, 1);
  await query(`UPDATE "User" SET name = '홍' || id, "invitationId" = 7 WHERE id IN (SELECT id FROM "User" ORDER BY id LIMIT 2)`);
  const count = async (asked: string) => (await exported(`?format=ndjson${asked}`)).payload.split('\n').length - 1;
  assert.equal(await count(''), 5);
  assert.equal(await count('&text=%ED%99%8D'), 2);
  assert.equal(await count('&invitation_id=7'), 2);
  assert.equal(await count('&invitation_id=7&text=x'), 0);
  assert.equal(await count('&created_to=2000-01-01T00:00:00Z'), 0);
  for (const odd of ['format=xml', 'format=', 'text=%00', 'created_from=x', 'invitation_id=0']) {
    assertRefused(await application.send('GET', `/admin/users/export?${odd}`, undefined, headers), 422, 'validation_failed');
  }
});

test('the audit log has the filters and the count, without the search text, before anything is sent', async () => {
  await insertUsers(3, 1);
  await exported('?text=010-1234-5678&format=ndjson');
  await exported('?invitation_id=1');
  const entries = await query(`SELECT action, subject, subject_id, before, after FROM audit_log ORDER BY id`);
  const entry = { action: 'user.export', subject: 'user', subject_id: null, before: null };
  assert.deepEqual(entries, [
    { ...entry, after: { text: 'set', format: 'ndjson', count: 0 } },
    { ...entry, after: { invitation_id: 1, format: 'csv', count: 3 } },
  ]);
});

/** Collects garbage first, so that only live memory counts: bytes of objects and of buffers. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function heldBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test('20,000 users, 50 MB of text, are sent with only a few batches in memory', async () => {
  await insertUsers(20_000, 800);
  await exported('?text=nobody');
  const before = heldBytes();
  const held: number[] = [];
  let received = 0;
  let measured = 0;
  for await (const chunk of await open('?format=csv')) {
    received += (chunk as Buffer).length;
    if (received - measured < 2_000_000) continue;
    measured = received;
    held.push(heldBytes() - before);
  }
  assert.ok(received > 45_000_000, `only ${received} bytes came`);
  // Late garbage collection raises single readings; an accumulating response raises all of the second half.
  const second = held.slice(Math.floor(held.length / 2)).sort((one, other) => one - other);
  const usual = second[Math.floor(second.length / 2)] ?? Number.POSITIVE_INFINITY;
  assert.ok(
    usual < 20_000_000,
    `${Math.round(usual / 1e6)} MB were held in the second half of an answer of ${Math.round(received / 1e6)} MB`,
  );
});

test('a client that disconnects stops the work', async () => {
  await insertUsers(20_000, 2_400);
  const transaction = mock.method(services.database, 'transaction');
  // The first one counts, and each batch is one.
  const batches = () => transaction.mock.callCount() - 1;
  const reading = await open('?format=csv');
  reading.pause();
  const held = await settled(batches);
  reading.destroy();
  const left = await settled(batches);
  transaction.mock.restore();
  assert.ok(held < 15, `${held} batches of 20 were read for a client that reads nothing`);
  assert.ok(left <= held + 1, `${left - held} batches were read for a client that had left`);
  assert.deepEqual(
    application.logged.filter((line) => /"level":[45]0/.test(line)),
    [],
    'a reader that leaves is no fault',
  );
});

/** Waits until a number stops changing, however long that takes. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1; ; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = count();
    if (now > 0 && now === before) return now;
    before = now;
  }
}

test('if the database fails half-way, the connection is closed, so that a part is not taken for the whole', async () => {
  await insertUsers(5_000, 800);
  const original = services.database.transaction;
  let transactions = 0;
  // The first one counts, and each batch is one.
  const transaction = mock.method(services.database, 'transaction', (...asked: Parameters<typeof original>) => {
    transactions += 1;
    return transactions > 3 ? Promise.reject(new Error('홍길동 010-1234-5678')) : original(...asked);
  });
  await assert.rejects(async () => {
    for await (const _chunk of await open('?format=csv')) {
      // Only to read it.
    }
  }, /aborted|ECONNRESET/);
  transaction.mock.restore();
  const errors = application.logged.filter((line) => line.includes('"level":50'));
  assert.equal(errors.length, 1);
  assert.match(errors[0] ?? '', /"route":"\/admin\/users\/export".*"msg":"response aborted by an error"/);
  assert.doesNotMatch(errors[0] ?? '', /홍길동|010-1234/);
});
