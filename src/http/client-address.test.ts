import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createSampleApp } from '../../test/support/sample-http-app.ts';
import type { TrustedProxies } from '../config/config.ts';
import { createHttpServer } from './server.ts';

/** @returns the address that a request counts under. */
async function address(trustedProxies: TrustedProxies, peer: string, fields: Record<string, string> = {}) {
  const app = createHttpServer({ log: pino({ level: 'silent' }), defaultLanguage: 'en', trustedProxies });
  app.get('/', async ({ clientAddress }) => ({ clientAddress }));
  const answer = await app.inject({ url: '/', remoteAddress: peer, headers: fields });
  await app.close();
  return answer.json<{ clientAddress: string }>().clientAddress;
}

const from = (...hops: string[]) => ({ 'x-forwarded-for': hops.join(', ') });

test('without trusted proxies the client is the peer, whatever it sends', async () => {
  assert.equal(await address(undefined, '192.0.2.1'), '192.0.2.1');
  assert.equal(await address(undefined, '192.0.2.1', from('198.51.100.7')), '192.0.2.1');
  assert.equal(await address(undefined, '::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(await address(undefined, '192.0.2.1', { forwarded: 'for=198.51.100.7', 'x-real-ip': '198.51.100.7' }), '192.0.2.1');
});

test('a spoofed header from an untrusted peer is ignored', async () => {
  const spoofed = from('198.51.100.7');
  assert.equal(await address(['10.0.0.0/8'], '192.0.2.1', spoofed), '192.0.2.1');
  assert.equal(await address(undefined, '192.0.2.1', spoofed), '192.0.2.1');
});

test('behind a trusted proxy the right-most untrusted hop is the client', async () => {
  const proxies = ['10.0.0.0/8', '2001:db8::/32'];
  assert.equal(await address(proxies, '10.0.0.1', from('198.51.100.7')), '198.51.100.7');
  assert.equal(await address(proxies, '10.0.0.1', from('203.0.113.9', '198.51.100.7')), '198.51.100.7');
  assert.equal(await address(proxies, '10.0.0.1', from('203.0.113.9', '198.51.100.7', '10.0.0.2', '2001:db8::7')), '198.51.100.7');
  assert.equal(await address(proxies, '::ffff:10.0.0.1', from('::ffff:198.51.100.7')), '198.51.100.7');
  assert.equal(await address(proxies, '10.0.0.1', from('198.51.100.7:4711', '10.0.0.2:80')), '198.51.100.7');
  assert.equal(await address(proxies, '10.0.0.1', from('[2001:DB9::7]:4711')), '2001:db9::7');
  assert.equal(await address(proxies, '10.0.0.1', from('10.0.0.3', '10.0.0.2')), '10.0.0.3');
});

test('a number of proxies counts hops from the right', async () => {
  const hops = from('203.0.113.9', '198.51.100.7', '192.0.2.5');
  assert.equal(await address(1, '10.0.0.1', hops), '192.0.2.5');
  assert.equal(await address(2, '10.0.0.1', hops), '198.51.100.7');
  assert.equal(await address(10, '10.0.0.1', hops), '203.0.113.9');
  assert.equal(await address(1, '10.0.0.1'), '10.0.0.1');
});

test('for a garbage address the nearest valid hop is used', async () => {
  for (const garbage of ['unknown', '_hidden', '<script>', '0x7f.1', '1', '256.1.1.1', ':::::', 'a'.repeat(8_000)]) {
    assert.equal(await address(['10.0.0.0/8'], '10.0.0.1', from('198.51.100.7', garbage)), '10.0.0.1');
    assert.equal(await address(2, '10.0.0.1', from(garbage, '192.0.2.5')), '192.0.2.5');
  }
  assert.equal(await address(1, '10.0.0.1', from('', ' ', '')), '10.0.0.1');
});

test('very many hops are handled quickly, and the right-most counts', async () => {
  const hops = Array.from({ length: 1_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  assert.equal(await address(['10.0.0.0/8'], '10.0.0.1', from('198.51.100.7', ...hops)), '198.51.100.7');
  assert.equal(await address(['10.9.0.0/16'], '10.9.0.1', from(...hops)), '10.0.3.231');
});

test('an unconfigured proxy is logged once', async (context) => {
  const { app, lines } = await createSampleApp();
  context.after(() => app.close());
  for (const fields of [{}, from('198.51.100.7'), from('198.51.100.8')]) await app.inject({ url: '/healthz', headers: fields });
  const told = lines.filter(({ msg }) => String(msg).includes('TRUST_PROXY'));
  assert.equal(told.length, 1);
  assert.doesNotMatch(JSON.stringify(told), /198\.51/);
});
