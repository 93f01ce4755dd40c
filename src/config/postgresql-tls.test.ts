import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { isLocalHost, tlsOf } from './postgresql-tls.ts';

const unchecked = { verify: false };
const checked = { verify: true };
const withFile = { verify: true, certificateAuthorityFile: '/etc/ca.pem' };

const cases: readonly (readonly [parameters: string, host: string, expected: ReturnType<typeof tlsOf>])[] = [
  ['', 'db.example', unchecked],
  ['', 'localhost', false],
  ['', 'db', false],
  ['', '/run/pg', false],
  ['sslmode=disable', 'db.example', false],
  ['sslmode=disable&sslaccept=strict', 'db.example', false],
  ['sslmode=allow', 'db.example', unchecked],
  ['sslmode=allow', '127.0.0.1', false],
  ['sslmode=prefer', 'db.example', unchecked],
  ['sslmode=prefer', '::1', false],
  ['sslmode=prefer&sslrootcert=/etc/ca.pem', 'db.example', unchecked],
  ['sslmode=prefer&sslaccept=strict', 'localhost', checked],
  ['sslmode=require', 'db.example', unchecked],
  ['sslmode=require', 'localhost', unchecked],
  ['sslmode=require', '/run/pg', false],
  ['sslmode=require&sslaccept=accept_invalid_certs', 'db.example', unchecked],
  ['sslmode=require&sslaccept=strict', 'db.example', checked],
  ['sslmode=require&sslrootcert=/etc/ca.pem', 'db.example', withFile],
  ['sslmode=require&sslrootcert=', 'db.example', unchecked],
  ['sslmode=verify-ca', 'db.example', checked],
  ['sslmode=verify-full', 'db.example', checked],
  ['sslmode=verify-full&sslaccept=accept_invalid_certs', 'db.example', checked],
  ['sslmode=verify-full&sslrootcert=system', 'db.example', checked],
  ['sslmode=verify-full&sslrootcert=/etc/ca.pem', 'db.example', withFile],
  ['sslmode=verify-full&sslrootcert=ca.pem', 'db.example', { verify: true, certificateAuthorityFile: resolve('ca.pem') }],
];

for (const [parameters, host, expected] of cases) {
  test(`TLS of "${parameters}" at ${host}`, () => assert.deepEqual(tlsOf(new Map(new URLSearchParams(parameters)), host), expected));
}

const hosts: readonly (readonly [host: string, local: boolean])[] = [
  ['localhost', true],
  ['pg.localhost', true],
  ['127.0.0.53', true],
  ['::1', true],
  ['/tmp', true],
  ['postgres', true],
  ['db.example', false],
  ['10.0.0.5', false],
  ['2001:db8::1', false],
  ['127.example', false],
];

for (const [host, local] of hosts) {
  test(`${host} is ${local ? 'local' : 'not local'}`, () => assert.equal(isLocalHost(host), local));
}
