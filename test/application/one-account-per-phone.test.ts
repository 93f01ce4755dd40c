import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { countPhones, examinePhones, startCountingPhones } from '../../src/registration/count-phones.ts';
import { openApplication } from '../support/application.ts';
import { assertRefused } from '../support/assert-refused.ts';
import { samplePhone } from '../support/sign-up-client.ts';
import { invite, signUpToLastStep } from '../support/sign-up-scenes.ts';
import { countUsersOf, everything, storedUser } from '../support/stored-rows.ts';

const application = await openApplication({ phoneUnique: true });
after(() => application[Symbol.asyncDispose]());

test('a number is stored in E.164 beside the typed one', async () => {
  const { userId } = await application.signUp(await invite(application), { phone: ' 010 2938 4756 ' });
  const { phone, phone_key } = await storedUser(application, userId);
  assert.deepEqual({ phone, phone_key }, { phone: '010 2938 4756', phone_key: '+821029384756' });
});

test('a number with an account is refused in every notation, nothing is lost, and another number works', async () => {
  await application.signUp(await invite(application), { phone: '010-5647-3829' });
  for (const columns of [{}, { max_uses: '2' }]) {
    const code = await invite(application, columns);
    const { sessionId } = await signUpToLastStep(application, code);
    const before = await everything(application);
    for (const spelling of ['010-5647-3829', '01056473829', '+82 10 5647 3829', '(010) 5647.3829']) {
      assertRefused(await application.phone(sessionId, spelling), 409, 'phone_taken');
    }
    assert.deepEqual(await everything(application), before);
    assert.equal(await countUsersOf(application, code), 0);
    assert.equal((await application.phone(sessionId, samplePhone())).status, 200);
    assert.equal(await countUsersOf(application, code), 1);
  }
});

test('a repeated last request gets the same answer and is not refused as taken', async () => {
  const { sessionId, userId, person } = await application.signUp(await invite(application));
  const again = await application.phone(String(sessionId), person.phone);
  assert.deepEqual([again.status, again.body], [200, { ok: true, userId }]);
  assertRefused(await application.phone(String(sessionId), samplePhone()), 409, 'session_completed');
});

test('a used invitation is reported before a taken number', async () => {
  const code = await invite(application);
  const first = await signUpToLastStep(application, code);
  const second = await signUpToLastStep(application, code);
  await application.phone(first.sessionId, first.person.phone);
  assertRefused(await application.phone(second.sessionId, first.person.phone), 410, 'invitation_used');
});

const { database } = application.services;
const region = 'KR';

/** Adds accounts as the original's program does. @returns their ids. */
async function addAccounts(...phones: readonly string[]): Promise<number[]> {
  const rows = await application.query<{ id: number }>(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId") SELECT 'old', 'x', '1990-01-01', phone, 1
     FROM unnest($1::text[]) AS added (phone) RETURNING id`,
    [phones],
  );
  return rows.map(({ id }) => id);
}

async function assertTaken(phone: string): Promise<void> {
  const { sessionId } = await signUpToLastStep(application, await invite(application));
  assertRefused(await application.phone(sessionId, phone), 409, 'phone_taken');
}

test('accounts from before the setting was turned on are counted, in whatever notation their number is', async () => {
  const spellings = [
    '010-7000-0001',
    '01070000002',
    '+82 10 7000 0003',
    ' 010 7000 0004 ',
    '010\u00a07000\u00a00005',
    '０１０－７０００－０００６',
    '010.7000.0007',
    '\u202a010-7000-0008\u202c',
    'tel:010-7000-0009',
    '(010) 7000–0010',
  ];
  await addAccounts(...spellings);
  const { found, isComplete } = await countPhones(database, region);
  assert.deepEqual([found, isComplete], [{ sharing: 0, unreadable: 0, counted: spellings.length }, true]);
  for (const place of spellings.keys()) await assertTaken(`010-7000-${String(place + 1).padStart(4, '0')}`);
  assert.deepEqual((await countPhones(database, region)).found, { sharing: 0, unreadable: 0, counted: 0 });
});

test('of accounts that share a number one holds it, and numbers that cannot be read are counted apart', async () => {
  await addAccounts('010-7100-0001', '01071000001', '+821071000001', '010-7100-0002');
  await addAccounts('02-123-4567', '', 'unknown', '011-234-5678', '010-7100-000');
  const holder = samplePhone();
  await application.signUp(await invite(application), { phone: holder });
  await addAccounts(holder.replaceAll('-', ' '));
  assert.deepEqual(await examinePhones(database, region), { sharing: 3, unreadable: 5, counted: 2 });
  assert.deepEqual((await countPhones(database, region)).found, { sharing: 3, unreadable: 5, counted: 2 });
  assert.deepEqual(await examinePhones(database, region), { sharing: 3, unreadable: 5, counted: 0 });
  for (const phone of ['010-7100-0001', '010-7100-0002', holder]) await assertTaken(phone);
  await application.query(`DELETE FROM "User" WHERE phone_key = '+821071000001'`);
  assert.deepEqual((await countPhones(database, region)).found, { sharing: 2, unreadable: 5, counted: 1 });
  await assertTaken('010-7100-0001');
});

test("accounts that the original's program adds later are found behind the last one, over several batches", async () => {
  const { last } = await countPhones(database, region);
  const phones = Array.from({ length: 2_500 }, (_, place) => `010-72${String(place).padStart(6, '0').replace(/^(..)/, '$1-')}`);
  const ids = await addAccounts(...phones);
  const pass = await countPhones(database, region, { after: last });
  assert.deepEqual([pass.found, pass.last], [{ sharing: 0, unreadable: 0, counted: 2_500 }, ids.at(-1)]);
  await assertTaken(phones[2_499] ?? '');
});

test('it stops when it is told to, and goes on later', async () => {
  await addAccounts('010-7300-0001');
  const stopped = await countPhones(database, region, { signal: AbortSignal.abort() });
  assert.deepEqual([stopped.found.counted, stopped.isComplete], [0, false]);
  assert.equal((await countPhones(database, region)).found.counted, 1);
});

test('sign-ups that complete while existing accounts are counted: one account holds the number', async () => {
  for (let round = 0; round < 5; round += 1) {
    const phone = samplePhone();
    const e164 = `+82${phone.replaceAll('-', '').slice(1)}`;
    const sessions: string[] = [];
    for (let person = 0; person < 4; person += 1) sessions.push((await signUpToLastStep(application, await invite(application))).sessionId);
    await addAccounts(phone, phone);
    const [counted, ...answers] = await Promise.all([
      countPhones(database, region),
      ...sessions.map((sessionId) => application.phone(sessionId, phone)),
    ]);
    const completed = answers.filter(({ status }) => status === 200).length;
    assert.ok(answers.every(({ status, body }) => status === 200 || body.code === 'phone_taken'));
    assert.ok(completed <= 1 && counted.isComplete, `${completed} completed`);
    const holders = await application.query('SELECT id FROM "User" WHERE phone_key = $1', [e164]);
    assert.equal(holders.length, 1);
  }
});

test('the background job counts accounts that are added while it runs, and says once how many share a number', {
  timeout: 60_000,
}, async () => {
  const lines: { unreadable?: number; accounts?: number }[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const stop = startCountingPhones({ database, region, log, describeError: String, betweenPasses: 1 });
  const isCounted = async (phone: string) =>
    (await application.query('SELECT FROM "User" WHERE phone = $1 AND phone_key IS NOT NULL', [phone])).length > 0;
  await addAccounts('unknown');
  while (!lines.some(({ unreadable }) => unreadable !== undefined)) await nextTurn();
  for (const phone of ['010-7400-0001', '010-7400-0002', '010-7400-0003']) {
    await addAccounts(phone);
    while (!(await isCounted(phone))) await nextTurn();
  }
  await stop();
  await stop();
  assert.equal(lines.filter(({ unreadable }) => unreadable !== undefined).length, 1);
  assert.equal(
    lines.reduce((sum, { accounts = 0 }) => sum + accounts, 0),
    3,
  );
  await addAccounts('010-7400-0004');
  assert.equal(await isCounted('010-7400-0004'), false, 'it was stopped');
});

const onPostgresql = database.kind === 'postgresql' ? false : 'the embedded database has one connection';

test('a number that a sign-up takes while it is counted is seen as shared', { skip: onPostgresql, timeout: 60_000 }, async () => {
  const phone = samplePhone();
  const e164 = `+82${phone.replaceAll('-', '').slice(1)}`;
  await addAccounts(phone);
  await application.query('BEGIN');
  await application.query(
    `INSERT INTO "User" (name, password, birthday, phone, "invitationId", phone_key) VALUES ('new', 'x', '1990-01-01', $1, 1, $2)`,
    [phone, e164],
  );
  const counting = countPhones(database, region);
  const isWaiting = 'SELECT count(*) > 0 AS waits FROM pg_locks WHERE NOT granted';
  while (!(await application.query(isWaiting))[0]?.waits) await nextTurn();
  await application.query('COMMIT');
  assert.deepEqual((await counting).isComplete, true);
  assert.deepEqual(await application.query('SELECT name FROM "User" WHERE phone_key = $1', [e164]), [{ name: 'new' }]);
});
