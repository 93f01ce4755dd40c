import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openApplication } from '../support/application.ts';
import { bulkClient } from '../support/bulk-client.ts';
import { asOperator, itemsOf } from '../support/operator-scenes.ts';
import { runCommand } from '../support/run-command.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invite } from '../support/sign-up-scenes.ts';
import { storedUser } from '../support/stored-rows.ts';
import { commonSpellings, type Spelling, signSpellings } from '../support/typed-spellings.ts';

/** Walks all places that take names, phone numbers and birthdays with one table of what people and programs send. */

const application = await openApplication({ phoneUnique: true });
after(() => application[Symbol.asyncDispose]());
const operator = asOperator(application);
const client = bulkClient(application);
const url = await application.http.listen({ host: '127.0.0.1', port: 0 });
const environment = { CHODAE_OPERATOR_KEY: application.services.localKey };

const phoneSpellings: Readonly<Record<string, Spelling>> = {
  ...commonSpellings,
  ...signSpellings,
  'no hyphens': (phone) => phone.replaceAll('-', ''),
  spaces: (phone) => phone.replaceAll('-', ' '),
  dots: (phone) => phone.replaceAll('-', '.'),
  'middle dots': (phone) => phone.replaceAll('-', '·'),
  'NBSP for hyphens': (phone) => phone.replaceAll('-', '\u00a0'),
  'the vowel of a Korean keyboard': (phone) => phone.replaceAll('-', 'ㅡ'),
  'the country code': (phone) => `+82 ${phone.slice(1)}`,
  'the country code, no spaces': (phone) => `+82${phone.slice(1).replaceAll('-', '')}`,
  'a link': (phone) => `tel:${phone}`,
  'a Korean label': (phone) => `휴대폰: ${phone}`,
  brackets: (phone) => phone.replace(/^(\d+)-/, '($1) '),
};

const e164Of = (phone: string) => `+82${phone.slice(1).replaceAll('-', '')}`;
const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
const listed = async (path: string, text: string) =>
  itemsOf<{ id: number }>(await operator('GET', `${path}?${new URLSearchParams({ text })}`));

async function idOfNew(columns: Readonly<Record<string, string>> = {}): Promise<number> {
  const rows = await application.query<{ id: number }>('SELECT id FROM "Invitation" WHERE code = $1', [await invite(application, columns)]);
  return rows[0]?.id ?? assert.fail();
}

/** Each takes a typed number, and gives the one that it stored or found. */
const phonePlaces: Readonly<Record<string, (typed: string, phone: string) => Promise<unknown>>> = {
  async 'the last step'(typed) {
    const { userId } = await application.signUp(await invite(application), { phone: typed });
    const { phone, phone_key } = await storedUser(application, userId);
    assert.match(String(phone), /^[0-9+(). -]+$/, 'stored as it is read');
    return phone_key;
  },
  async 'the last step of an invitation for this number'(typed, phone) {
    const { answer } = await application.signUp(await invite(application, { phone: `'${e164Of(phone)}'` }), { phone: typed });
    return answer.status === 200 ? e164Of(phone) : answer.body.code;
  },
  async 'creating an invitation'(typed) {
    return /"phone":"([^"]+)"/.exec(JSON.stringify((await operator('POST', '/admin/invitations', { phone: typed })).body))?.[1];
  },
  async 'changing an invitation'(typed) {
    return (await operator('PATCH', `/admin/invitations/${await idOfNew()}`, { phone: typed }, { 'if-match': '*' })).body.phone;
  },
  async 'a cell of a file'(typed, phone) {
    const answer = await client.import(`code,phone\nCELL-${e164Of(phone).slice(3)},${cell(typed)}\n`);
    assert.equal(answer.status, 200, answer.text);
    return (await application.query(`SELECT phone FROM "Invitation" WHERE code = $1`, [`CELL-${e164Of(phone).slice(3)}`]))[0]?.phone;
  },
  async 'chodae invite create --phone'(typed) {
    const { stdout, stderr } = await runCommand(['invite', 'create', '--phone', typed, '--url', url, '--json'], { environment });
    return /"phone":\s*"([^"]+)"/.exec(stdout)?.[1] ?? stderr;
  },
  async 'the search of users'(typed, phone) {
    const { userId } = await application.signUp(await invite(application), { phone });
    assert.deepEqual(
      (await listed('/admin/users', typed)).map(({ id }) => id),
      [userId],
    );
    return e164Of(phone);
  },
  async 'the search of invitations'(typed, phone) {
    const id = await idOfNew({ phone: `'${e164Of(phone)}'` });
    assert.deepEqual(
      (await listed('/admin/invitations', typed)).map((item) => item.id),
      [id],
    );
    return e164Of(phone);
  },
};

for (const [place, take] of Object.entries(phonePlaces)) {
  test(`a phone number is read in every spelling by ${place}`, async () => {
    for (const [name, spell] of Object.entries(phoneSpellings)) {
      const phone = samplePhone();
      assert.equal(await take(spell(phone), phone), e164Of(phone), name);
    }
  });
}

const nameSpellings: Readonly<Record<string, Spelling>> = {
  ...commonSpellings,
  decomposed: (name) => name.normalize('NFD'),
  'two spaces': (name) => name.replace(' ', '  '),
  'NBSP inside': (name) => name.replace(' ', '\u00a0'),
  'an ideographic space inside': (name) => name.replace(' ', '\u3000'),
  'a line end inside': (name) => name.replace(' ', '\r\n'),
  'a soft hyphen inside': (name) => `${name.slice(0, 1)}\u00ad${name.slice(1)}`,
};

test('a name is stored and found in every spelling', async () => {
  for (const [place, [spelling, spell]] of Object.entries(nameSpellings).entries()) {
    const name = `홍${String.fromCharCode(0xac00 + place)} 길동`;
    const { userId } = await application.signUp(await invite(application), { name: spell(name) });
    assert.equal((await storedUser(application, userId)).name, name, spelling);
    assert.deepEqual(
      (await listed('/admin/users', spell(name))).map(({ id }) => id),
      [userId],
      spelling,
    );
  }
});

test('a birthday is stored as the day that is meant, in every spelling', async () => {
  for (const [spelling, spell] of Object.entries({ ...commonSpellings, ...signSpellings })) {
    const { userId, answer } = await application.signUp(await invite(application), { birthday: spell('1990-01-01') });
    assert.equal(answer.status, 200, `${spelling}: ${answer.body.code}`);
    assert.equal((await storedUser(application, userId)).birthday, '1990-01-01', spelling);
  }
});

test('chodae invite show names every invitation that a spelling may mean', async () => {
  await application.query(
    `INSERT INTO "Invitation" (id, code) VALUES (90001, 'Show-Me'), (90002, 'SHOW–ME'), (90003, 'showme\r'), (90004, 'SHOWME2')`,
  );
  const show = (code: string) => runCommand(['invite', 'show', code, '--url', url], { environment });
  for (const typed of ['show me', 'SHOW-ME', 'sh0wme', '"show me"', `${url}/join#show-me`]) {
    const { code, stderr } = await show(typed);
    assert.equal(code, 1);
    assert.deepEqual(stderr.match(/9000\d/g), ['90003', '90002', '90001'], typed);
  }
  await application.query(`UPDATE "Invitation" SET is_used = true WHERE id IN (90001, 90003)`);
  assert.match((await show('show me')).stdout, /90002/);
  assert.match((await show('Show-Me')).stdout, /90001/);
});
