import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../config/read-config.ts';
import { examineEncryption } from './examine-encryption.ts';

const verdictOf = (DATABASE_URL: string, DIRECT_URL?: string) => {
  const { database } = readConfig({ DATABASE_URL, DIRECT_URL });
  assert.ok(database.kind === 'postgresql');
  const { verdict, message } = examineEncryption(database);
  return `${verdict}: ${message}`;
};

test('a PostgreSQL elsewhere should be reached over TLS with a check', () => {
  const elsewhere = 'postgresql://ann:secret@db.example/app';
  assert.match(verdictOf(`${elsewhere}?sslmode=disable`), /^warning: to db\.example: personal data travels in the clear$/);
  for (const mode of ['', '?sslmode=prefer', '?sslmode=require'])
    assert.match(verdictOf(elsewhere + mode), /^warning: to db\.example: the certificate is not checked/);
  for (const mode of ['sslmode=verify-full', 'sslmode=verify-ca', 'sslmode=require&sslrootcert=ca.pem', 'sslaccept=strict']) {
    assert.match(verdictOf(`${elsewhere}?${mode}`), /^ok: TLS, with a check/, mode);
  }
  const direct = 'postgresql://ann:secret@direct.example/app?sslmode=require';
  assert.match(verdictOf(`${elsewhere}?sslmode=verify-full`, direct), /^warning: to direct\.example/);
  assert.match(verdictOf('postgresql://ann:secret@localhost,other.example/app?sslmode=disable'), /^warning: to other\.example: personal/);
});

test('on this machine, and in its container network, there is no way to protect', () => {
  for (const host of ['localhost', '127.0.0.1', '[::1]', 'database']) {
    assert.match(verdictOf(`postgresql://ann@${host}/app`), /^ok: the database is on this machine/, host);
  }
});
