import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../config/read-config.ts';
import { isForTrying } from './seed-test-codes.ts';

const isSeeded = (environment: Readonly<Record<string, string>>) => isForTrying(readConfig(environment));

test('a new database gets the README codes only on a loopback address without settings for production', () => {
  for (const HOST of ['127.0.0.1', '127.8.0.1', '::1', 'localhost', 'LOCALHOST']) assert.equal(isSeeded({ HOST }), true, HOST);
  for (const HOST of ['0.0.0.0', '::', '10.0.0.1', '192.168.1.2', '::ffff:10.0.0.1', 'beta.example'])
    assert.equal(isSeeded({ HOST }), false, HOST);
  assert.equal(isSeeded({}), true);
  for (const environment of [
    { NODE_ENV: 'production' },
    { NODE_ENV: 'production', FORCE_HTTPS: 'off' },
    { FORCE_HTTPS: 'on' },
    { PUBLIC_URL: 'http://localhost:8000' },
    { TLS_CERT: 'cert.pem', TLS_KEY: 'key.pem' },
  ]) {
    assert.equal(isSeeded(environment), false, JSON.stringify(environment));
  }
});
