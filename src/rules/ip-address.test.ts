import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress, isInRanges, networkOf, parseRanges } from './ip-address.ts';

const spellings: readonly (readonly [text: string, address: string | undefined])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['[::ffff:192.0.2.1]:8080', '192.0.2.1'],
  ['192.0.2.1:65535', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['', undefined],
  ['unknown', undefined],
  ['_hidden', undefined],
  ['1', undefined],
  ['0x7f.1', undefined],
  ['010.0.0.1', undefined],
  ['256.0.0.1', undefined],
  ['192.0.2.1, 10.0.0.1', undefined],
  ['192.0.2.1\u0000', undefined],
  ['１９２.0.2.1', undefined],
  [`${'1'.repeat(20_000)}.1`, undefined],
  ['::'.repeat(8_000), undefined],
];

for (const [text, address] of spellings) {
  test(`${JSON.stringify(text.slice(0, 30))} is ${address ?? 'not an address'}`, () => assert.equal(canonicalAddress(text), address));
}

test('IPv6 is grouped by its first 64 bits, IPv4 is not grouped', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
  assert.equal(networkOf('2001:db8:1:2::'), networkOf('2001:db8:1:2:ffff:ffff:ffff:ffff'));
  assert.notEqual(networkOf('2001:db8:1:3::1'), networkOf('2001:db8:1:2::1'));
});

function inside(address: string, range: string): boolean {
  const ranges = parseRanges(range);
  assert.ok(typeof ranges !== 'string', String(ranges));
  return isInRanges(address, ranges);
}

test('an address is in its own range and in no other', () => {
  for (const [address, range] of [
    ['10.255.255.255', '10.0.0.0/8'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '::ffff:10.0.0.1'],
    ['2001:db8:ffff::1', '2001:db8::/32'],
    ['127.0.0.53', 'loopback'],
    ['::1', 'Loopback'],
    ['172.31.0.1', 'uniquelocal'],
    ['fe80::1', 'linklocal'],
  ] as const) {
    assert.ok(inside(address, range), `${address} in ${range}`);
  }
  for (const [address, range] of [
    ['11.0.0.0', '10.0.0.0/8'],
    ['10.0.0.2', '10.0.0.1'],
    ['8.8.8.8', '::/1'],
    ['10.0.0.1', '::/8'],
    ['::a00:1', '10.0.0.0/8'],
    ['172.32.0.1', 'uniquelocal'],
  ] as const) {
    assert.ok(!inside(address, range), `${address} in ${range}`);
  }
});

for (const text of [
  '::ffff:10.0.0.0/8',
  '::ffff:a00:0/104',
  '0:0:0:0:0:ffff:10.0.0.0/96',
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/33',
  '::1/129',
  '10.0.0.0/08',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.0.0.0/255.0.0.0',
  '1/8',
  '010.0.0.0/8',
  'fe80::%eth0/10',
  'proxy.example',
  '*',
]) {
  test(`the range ${text} is refused with a message`, () => assert.equal(typeof parseRanges(text), 'string'));
}
