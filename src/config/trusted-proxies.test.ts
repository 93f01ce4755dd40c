import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig } from './read-config.ts';

const trusted = (text: string) => readConfig({ TRUST_PROXY: text }).http.trustedProxies;

test('TRUST_PROXY is off, a number of proxies, or addresses and ranges', () => {
  assert.equal(readConfig({}).http.trustedProxies, undefined);
  assert.equal(trusted('OFF'), undefined);
  assert.equal(trusted('1'), 1);
  assert.equal(trusted('10'), 10);
  assert.deepEqual(trusted('10.0.0.0/8, 2001:db8::1'), ['10.0.0.0/8', '2001:db8::1']);
  assert.deepEqual(trusted('loopback uniquelocal'), ['loopback', 'uniquelocal']);
});

const mistakes: readonly (readonly [text: string, sentence: RegExp])[] = [
  ['::ffff:10.0.0.0/8', /IPv4 written as IPv6: write the IPv4 range/],
  ['127.0.0.1, ::ffff:10.0.0.0/104', /IPv4 written as IPv6/],
  ['0.0.0.0/0', /is every address: name the proxies/],
  ['0', /the number of proxies in front \(1 to 10\)/],
  ['11', /the number of proxies in front/],
  ['on', /"on" is neither an address nor a range/],
  ['true', /"true" is neither an address/],
  ['my-proxy.example', /is neither an address nor a range/],
  [',', /the number of proxies in front/],
];

for (const [text, sentence] of mistakes) {
  test(`TRUST_PROXY=${text} is a mistake at start`, () => {
    assert.throws(
      () => trusted(text),
      (error) => error instanceof ConfigError && sentence.test(error.message) && error.message.includes('TRUST_PROXY is'),
    );
  });
}
