import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import bcrypt from 'bcrypt';
import { openApplication } from '../support/application.ts';
import { assertInvalid } from '../support/assert-refused.ts';
import { beginSignUp, invite } from '../support/sign-up-scenes.ts';
import { storedSession, storedUser, tablesHolding } from '../support/stored-rows.ts';
import { verifyPassword } from '../support/verify-password.ts';

const application = await openApplication({ bcryptCost: 5 });
after(() => application[Symbol.asyncDispose]());

const name = '초대받은 사람';
/** 24 syllables are 72 bytes in UTF-8, and 216 as a Mac decomposes them. */
const hangul = '가나다라마바사아자차카타파하거너더러머버서어저처';
/** 18 emoji of 4 bytes each. */
const emoji = '😀🎉🌊🏔🍎🐈🚲📚🎻🧭🪁🕰🌵🦊🥁🛶🎈🔭';
const ascii = 'correct horse battery staple, and a river that runs by seven quiet hills';

/**
 * Signs up with a password.
 * @returns the stored hash.
 */
async function hashOf(password: string): Promise<string> {
  const { answer, userId } = await application.signUp(await invite(application), { password });
  assert.equal(answer.status, 200);
  return String((await storedUser(application, userId)).password);
}

async function assertPasswordRefused(password: string, reason: string): Promise<void> {
  const sessionId = await beginSignUp(application, await invite(application));
  assertInvalid(await application.name(sessionId, name, password), `password ${reason}`);
  assert.equal((await storedSession(application, sessionId))?.password, null);
}

test('a password is stored as a bcrypt hash of the configured cost, in both the session and the user', async () => {
  const password = 'seven quiet rivers';
  const sessionId = await beginSignUp(application, await invite(application));
  await application.name(sessionId, name, password);
  const inSession = String((await storedSession(application, sessionId))?.password);
  assert.match(inSession, /^\$2b\$05\$[./A-Za-z0-9]{53}$/);
  assert.equal(await bcrypt.compare(password, inSession), true);
  assert.equal(await bcrypt.compare('seven quiet river', inSession), false);
  assert.deepEqual(await tablesHolding(application, password), []);

  await application.birthday(sessionId, '1990-01-01');
  const { body } = await application.phone(sessionId, '010-2345-6789');
  assert.equal((await storedUser(application, body.userId)).password, inSession);
  assert.deepEqual(await tablesHolding(application, password), []);
});

test('one password hashed twice gives two hashes, and a repeated step stores the latest', async () => {
  const password = 'seven quiet rivers';
  assert.notEqual(await hashOf(password), await hashOf(password));
  const sessionId = await beginSignUp(application, await invite(application));
  await application.name(sessionId, name, password);
  await application.name(sessionId, name, 'eight quiet rivers');
  const stored = String((await storedSession(application, sessionId))?.password);
  assert.equal(await bcrypt.compare('eight quiet rivers', stored), true);
  assert.equal(await bcrypt.compare(password, stored), false);
});

for (const [writing, password] of Object.entries({ ASCII: ascii, Hangul: hangul, emoji })) {
  test(`72 bytes of ${writing} are used completely, 73 are refused`, async () => {
    assert.equal(Buffer.byteLength(password), 72);
    const hash = await hashOf(password);
    assert.equal(await verifyPassword(password, hash), true);
    // Not a prefix of it: nothing was truncated.
    assert.equal(await verifyPassword([...password].slice(0, -1).join(''), hash), false);

    await assertPasswordRefused(`${password}!`, 'password_too_long');
    await assertPasswordRefused(`!${password}`, 'password_too_long');
    // Why it has to be refused: bcrypt itself reads 72 bytes and would accept this as the same password.
    assert.equal(await bcrypt.compare(`${password}!`, hash), true);
  });
}

test('a password is the same whether composed or decomposed', async () => {
  const apart = hangul.normalize('NFD');
  assert.notEqual(apart, hangul);
  assert.equal(Buffer.byteLength(apart), 3 * Buffer.byteLength(hangul) - 24 * 3);
  for (const [chosen, typed] of [
    [apart, hangul],
    [hangul, apart],
    ['café au lait 7'.normalize('NFD'), 'café au lait 7'.normalize('NFC')],
  ] as const) {
    const hash = await hashOf(chosen);
    assert.equal(await verifyPassword(typed, hash), true);
  }
});

test('nothing is trimmed from a password, and case counts', async () => {
  const hash = await hashOf('  seven quiet rivers ');
  assert.equal(await verifyPassword('  seven quiet rivers ', hash), true);
  for (const other of ['seven quiet rivers', ' seven quiet rivers ', '  Seven quiet rivers ']) {
    assert.equal(await verifyPassword(other, hash), false);
  }
});

test('eight characters of any kind are enough, and seven are not', async () => {
  assert.equal(await verifyPassword('물결치는강가에서', await hashOf('물결치는강가에서')), true);
  await assertPasswordRefused('물결치는강가에', 'password_too_short');
  await assertPasswordRefused('🌊🌵🦊🥁🛶🎈🔭', 'password_too_short');
});

test('each refused password gets its own reason', async () => {
  await assertPasswordRefused('', 'password_too_short');
  await assertPasswordRefused('password123', 'password_too_common');
  await assertPasswordRefused('seven\u0000quiet rivers', 'password_characters');
  await assertPasswordRefused('seven\nquiet rivers', 'password_characters');
  await assertPasswordRefused(`${name}1!`, 'password_is_name');
  await assertPasswordRefused('010-2345-6789', 'password_is_phone');
  await assertPasswordRefused('1990-01-01', 'password_is_birthday');
  const sessionId = await beginSignUp(application, await invite(application));
  // A lone surrogate has no UTF-8: in JSON it must be escaped.
  const body = `{"session_id":"${sessionId}","name":"${name}","password":"seven quiet \\ud83c rivers"}`;
  assertInvalid(await application.send('PUT', '/auth/register/name', body), 'password password_characters');
});

test('no hash is computed for a refused body or session', async (context) => {
  const hash = context.mock.method(application.services.passwords, 'claim');
  const code = await invite(application);
  const sessionId = await beginSignUp(application, code);
  await application.name('0123456789abcdef0123456789abcdef', name, ascii);
  await application.name(sessionId, '', ascii);
  await application.name(sessionId, name, 'short');
  await application.query('UPDATE "Invitation" SET revoked_at = now() WHERE code = $1', [code]);
  await application.name(sessionId, name, ascii);
  assert.equal(hash.mock.callCount(), 0);
  assert.equal((await application.name(await beginSignUp(application, await invite(application)), name, ascii)).status, 200);
  assert.equal(hash.mock.callCount(), 1);
});
