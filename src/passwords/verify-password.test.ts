import assert from 'node:assert/strict';
import { test } from 'node:test';
import bcrypt from 'bcrypt';
import { verifyPassword } from './verify-password.ts';

/** Of crypt_blowfish's and passlib's tests: made by other implementations. */
const vectors: readonly (readonly [password: string, hash: string])[] = [
  ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
  ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
  ['t\u00e1\u0411\u2113\u0259', '$2a$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG'],
  // 72 bytes, the most that bcrypt reads.
  [
    '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
    '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
  ],
];

test('verifies hashes of other implementations, `$2a$`, `$2b$` and `$2y$`', async () => {
  for (const [password, hash] of vectors) {
    for (const name of ['$2a$', '$2b$', '$2y$']) {
      assert.equal(
        await verifyPassword(
          password,
          hash.replace('$2a$', () => name),
        ),
        true,
        name + password,
      );
      assert.equal(
        await verifyPassword(
          `${password}x`,
          hash.replace('$2a$', () => name),
        ),
        false,
        name + password,
      );
    }
  }
});

test('normalises as the sign-up does', async () => {
  const hash = bcrypt.hashSync('비밀번호는길게써요', 4);
  assert.equal(await verifyPassword('비밀번호는길게써요'.normalize('NFD'), hash), true);
  assert.equal(await verifyPassword('비밀번호는길게써', hash), false);
});

test('does not compare only the beginning', async () => {
  const full = 'a1b2'.repeat(18);
  const hash = bcrypt.hashSync(full, 4);
  assert.equal(await verifyPassword(full, hash), true);
  assert.equal(await verifyPassword(`${full}x`, hash), false);
  assert.equal(await verifyPassword('a'.repeat(100_000), hash), false);
  assert.equal(await verifyPassword('securePass\x0a3', bcrypt.hashSync('securePass', 4)), false);
});

test('a hash of another form is no match, and no error', async () => {
  for (const hash of ['', 'plain', '$2b$', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA', '$2b$04$tooshort']) {
    assert.equal(await verifyPassword('securePass123!', hash), false, hash);
  }
});
