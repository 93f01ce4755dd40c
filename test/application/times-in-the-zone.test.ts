import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import { bulkClient } from '../support/bulk-client.ts';
import { asOperator, itemsOf } from '../support/operator-scenes.ts';

const application = await openApplication({ timeZone: 'America/New_York' });
after(() => application[Symbol.asyncDispose]());
const operator = asOperator(application);
const client = bulkClient(application);

let made = 0;
const fresh = () => {
  made += 1;
  return `TIME-${made}`;
};

async function storedTime(code: string, column: 'starts_at' | 'expires_at'): Promise<unknown> {
  const [row] = await application.query(`SELECT ${column} AS moment FROM "Invitation" WHERE code = $1`, [code]);
  return (row?.moment as Date | undefined)?.toISOString();
}

/** Where an operator writes the end of something: what was stored, or the code of the error. */
const places: Readonly<Record<string, (text: string) => Promise<unknown>>> = {
  async creation(text) {
    const code = fresh();
    const answer = await operator('POST', '/admin/invitations', { code, expires_at: text });
    return answer.status === 201 ? storedTime(code, 'expires_at') : answer.body.errors?.[0]?.code;
  },
  async change(text) {
    const code = fresh();
    const { body } = await operator('POST', '/admin/invitations', { code });
    const [{ id = 0 } = {}] = (body.invitations ?? []) as { id: number }[];
    const answer = await operator('PATCH', `/admin/invitations/${id}`, { expires_at: text }, { 'if-match': '*' });
    return answer.status === 200 ? storedTime(code, 'expires_at') : answer.body.errors?.[0]?.code;
  },
  async import(text) {
    const code = fresh();
    const answer = await client.import(`code,expires_at\n${code},${text}\n`);
    return answer.status === 200 ? storedTime(code, 'expires_at') : answer.body.errors?.[0]?.code;
  },
  async bulk(text) {
    const { status, body } = await operator('POST', '/admin/invitations/bulk', { count: 1, campaign: fresh(), expires_at: text });
    if (status !== 200) return body.errors?.[0]?.code;
    const [row] = await application.query<{ moment: Date }>(`SELECT expires_at AS moment FROM "Invitation" WHERE campaign = $1`, [
      `TIME-${made}`,
    ]);
    return row?.moment.toISOString();
  },
  async key(text) {
    const { status, body } = await operator('POST', '/admin/keys', { label: fresh(), role: 'viewer', expires_at: text });
    return status === 201 ? body.expires_at : body.errors?.[0]?.code;
  },
};

const table = [
  ['2090-01-31', '2090-02-01T05:00:00.000Z'],
  ['2090-07-31', '2090-08-01T04:00:00.000Z'],
  ['2090-12-31', '2091-01-01T05:00:00.000Z'],
  ['2090-01-31 18:00', '2090-01-31T23:00:00.000Z'],
  ['2090-01-31T18:00:30', '2090-01-31T23:00:30.000Z'],
  ['2090-01-31T18:00:00+09:00', '2090-01-31T09:00:00.000Z'],
  ['2090-01-31 09:00Z', '2090-01-31T09:00:00.000Z'],
  ['2090-03-12 02:30', 'moment_skipped'],
  ['2090-02-30', 'moment_format'],
  ['31.1.2090', 'moment_format'],
] as const;

for (const [place, store] of Object.entries(places)) {
  test(`a time is read in TIME_ZONE everywhere: ${place}`, async () => {
    for (const [text, wanted] of table) assert.equal(await store(text), wanted, text);
  });
}

test('a bare day begins a period, and belongs to one that it ends', async () => {
  const code = fresh();
  await application.query(`INSERT INTO "Invitation" (code, created_at) VALUES ($1, '2026-06-15T02:00:00Z')`, [code]);
  const codes = async (query: string) =>
    itemsOf<{ code: string }>(await operator('GET', `/admin/invitations?${query}`)).map((item) => item.code);
  assert.deepEqual(await codes('created_from=2026-06-14&created_to=2026-06-14'), [code]);
  assert.deepEqual(await codes('created_from=2026-06-15&created_to=2026-06-15'), []);
  assert.deepEqual(await codes('created_from=2026-06-14+22:00&created_to=2026-06-14T22:01'), [code]);
  for (const path of ['/admin/users?created_from=2026-06-14&created_to=2026-06-15', '/admin/audit?from=2026-06-14&to=2026-06-15'])
    assert.equal((await operator('GET', path)).status, 200, path);
  const lost = await operator('GET', '/admin/invitations?created_from=2026-06-14T00:00:00+09:00');
  assertInvalid(lost, 'created_from moment_format');
  assert.match(String(lost.body.errors?.[0]?.message), /%2B/);
});

test('an error in a file does not speak of addresses', async () => {
  for (const text of ['2026-02-30', 'soon', '2030-01-31T09:00:00 0900', '1/31/2030', '2030-13-01']) {
    const answer = await client.import(`code,expires_at\n${fresh()},${text}\n`);
    assert.doesNotMatch(answer.text, /%2B|URL|주소/, text);
  }
});

test('times in sentences are in TIME_ZONE and words of the language, to the minute; members are RFC 3339', async () => {
  const code = fresh();
  await operator('POST', '/admin/invitations', { code, starts_at: '2090-12-31T15:00:30Z' });
  for (const [language, words] of [
    ['ko', '2090년 12월 31일(일) 오전 10시에 열립니다. 그때 다시 시도하세요.'],
    ['en', 'This invitation opens on Sun 31 Dec 2090, 10:00.'],
  ] as const) {
    const { body } = await application.send('POST', '/auth/invitation/verify', { invitation_code: code }, { 'accept-language': language });
    assert.equal(body.startsAt, '2090-12-31T15:00:30.000Z');
    assert.ok(String(body.detail).includes(words), String(body.detail));
    assert.doesNotMatch(String(body.detail), /\d{2}T\d{2}|Z\b/);
  }
});
