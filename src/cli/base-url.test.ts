import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSafeForSecrets, parseBaseUrl } from './base-url.ts';

test('an address loses the slash at its end and keeps its path', () => {
  assert.equal(parseBaseUrl('http://127.0.0.1:8000'), 'http://127.0.0.1:8000');
  assert.equal(parseBaseUrl('https://beta.example.com/'), 'https://beta.example.com');
  assert.equal(parseBaseUrl('https://example.com/sign/up//'), 'https://example.com/sign/up');
  assert.equal(parseBaseUrl('http://[::1]:8001/api'), 'http://[::1]:8001/api');
});

test('what no request can be sent to is refused with a sentence', () => {
  const wrong = [
    '',
    'localhost:8000',
    '127.0.0.1:8000',
    'ftp://example.com',
    'http://',
    'http://a:b@example.com',
    'http://x/?y=1',
    'http://x/#y',
  ];
  for (const text of wrong) assert.throws(() => parseBaseUrl(text), /\.$/, text);
});

test('a secret may be sent where it cannot be read on the path', () => {
  for (const url of ['https://signup.example.com', 'http://127.0.0.1:8000', 'http://127.1.2.3', 'http://localhost:80', 'http://[::1]:8000'])
    assert.equal(isSafeForSecrets(parseBaseUrl(url)), true, url);
  for (const url of [
    'http://signup.example.com',
    'http://192.168.0.2:8000',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
  ])
    assert.equal(isSafeForSecrets(parseBaseUrl(url)), false, url);
});
