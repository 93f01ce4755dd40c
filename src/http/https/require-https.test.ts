import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { exchange, openSocket, parseAnswer, readToEnd } from '../../../test/support/raw-http.ts';
import type { TrustedProxies } from '../../config/config.ts';
import { completeMethods } from '../methods.ts';
import { createHttpServer } from '../server.ts';
import { httpsAddress } from './require-https.ts';

interface Asked {
  readonly trustedProxies?: TrustedProxies;
  readonly publicUrl?: string;
}

function forcingServer(context: TestContext, { trustedProxies, publicUrl }: Asked = {}) {
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) });
  const app = createHttpServer({ log, defaultLanguage: 'en', trustedProxies, forceHttps: { publicUrl } });
  let bodies = 0;
  app.addHook('preParsing', async () => {
    bodies += 1;
  });
  app.get('/open', { config: { allowsPlainHttp: true } }, async () => ({ open: true }));
  app.get('/thing', async () => ({ thing: true }));
  app.put('/thing', async () => ({ kept: true }));
  completeMethods(app);
  context.after(() => app.close());
  return { app, lines, bodies: () => bodies };
}

test('GET and HEAD are sent to HTTPS, everything else is refused before its body is read, known address or not', async (context) => {
  const { app, bodies } = forcingServer(context, { publicUrl: 'https://beta.example/app' });
  for (const method of ['GET', 'HEAD'] as const) {
    const { statusCode, headers, body } = await app.inject({ method, url: '/thing?a=%2F&b' });
    assert.deepEqual([statusCode, headers.location, body], [308, 'https://beta.example/app/thing?a=%2F&b', '']);
    assert.equal(headers['cache-control'], 'no-store', 'a wrong redirect is not kept');
  }
  for (const url of ['/thing', '/open', '/nowhere']) {
    for (const method of ['PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY'] as const) {
      const answer = await app.inject({
        method: method as 'PUT',
        url,
        payload: '{"secret":',
        headers: { 'content-type': 'application/json' },
      });
      assert.deepEqual([answer.statusCode, answer.json().code], [403, 'https_required'], `${method} ${url}`);
      assert.equal(answer.headers['strict-transport-security'], undefined);
    }
  }
  assert.equal(bodies(), 0);
  assert.deepEqual((await app.inject('/open')).json(), { open: true });
});

const hops: readonly (readonly [what: string, asked: Asked, proto: string | undefined, isLetIn: boolean])[] = [
  ['no proxy is trusted', {}, 'https', false],
  ['the peer is trusted', { trustedProxies: ['loopback'] }, 'https', true],
  ['the peer is trusted and says http', { trustedProxies: ['loopback'] }, 'http', false],
  ['the peer is trusted and says nothing', { trustedProxies: ['loopback'] }, undefined, false],
  ['upper case', { trustedProxies: ['loopback'] }, 'HTTPS', true],
  ['mixed case and spaces', { trustedProxies: 1 }, ' Https ', true],
  ['the first proxy spoke HTTPS, the second appended', { trustedProxies: ['loopback'] }, 'https, http', true],
  ['without the space', { trustedProxies: 2 }, 'https,http', true],
  ['three hops', { trustedProxies: ['loopback'] }, 'HTTPS, http, HTTP', true],
  ['an empty first value', { trustedProxies: ['loopback'] }, ', https', true],
  ['the client spoke plain HTTP to the first proxy', { trustedProxies: ['loopback'] }, 'http, https', false],
  ['only a comma', { trustedProxies: ['loopback'] }, ',', false],
  ['several values, and no proxy is trusted', {}, 'https, http', false],
  ['another proxy is trusted', { trustedProxies: ['192.0.2.0/24'] }, 'https', false],
  ['one hop is trusted', { trustedProxies: 1 }, 'https', true],
  ['an odd spelling', { trustedProxies: 1 }, 'https:', false],
];

for (const [what, asked, proto, isLetIn] of hops) {
  test(`X-Forwarded-Proto ${proto ?? 'absent'}: ${what}`, async (context) => {
    const { app } = forcingServer(context, asked);
    const headers = proto === undefined ? {} : { 'x-forwarded-proto': proto };
    const put = await app.inject({ method: 'PUT', url: '/thing', payload: {}, headers });
    assert.equal(put.statusCode, isLetIn ? 200 : 403);
    assert.equal(put.headers['strict-transport-security'], isLetIn ? 'max-age=31536000; includeSubDomains' : undefined);
    const get = await app.inject({ url: '/thing', headers });
    assert.equal(get.statusCode, isLetIn ? 200 : 308);
  });
}

test('without a public address the redirect goes to the host that was asked, on the usual port', () => {
  const to = (host: string | undefined, target = '/a?b=c') => httpsAddress(target, undefined, host);
  assert.equal(to('Beta.Example'), 'https://beta.example/a?b=c');
  assert.equal(to('beta.example:8000'), 'https://beta.example/a?b=c');
  assert.equal(to('192.0.2.1:80'), 'https://192.0.2.1/a?b=c');
  assert.equal(to('[2001:db8::1]:80'), 'https://[2001:db8::1]/a?b=c');
});

const oddHosts = [
  undefined,
  '',
  ':80',
  'a b',
  'a/b',
  'a\\b',
  'user@evil.example',
  'evil.example#',
  'evil.example?',
  'a:b:c',
  '1.2.3',
  '0x7f.1',
].concat(['017700000001', '[::1', '::1', '[fe80::1%25eth0]', 'example.com:99999999', 'ex\u00e4mple.com', 'a,b', '%65vil.example', 'a\tb']);

test('an odd host, and a target that is no path, are refused and not sent anywhere', async (context) => {
  for (const host of oddHosts) assert.equal(httpsAddress('/a', undefined, host), undefined, String(host));
  for (const target of ['*', 'http://evil.example/', 'evil.example:443', '', '\\evil.example', '/a b', '/a\r\nx', '/\u00e4']) {
    assert.equal(httpsAddress(target, 'https://good.example', 'good.example'), undefined, target);
  }
  const { app } = forcingServer(context);
  const answer = await app.inject({ url: '/thing', headers: { host: 'user@evil.example' } });
  assert.deepEqual([answer.statusCode, answer.json().code, answer.headers.location], [403, 'https_required', undefined]);
});

test('whatever the target, the redirect stays at the host that it is for', () => {
  const nasty = fc.array(
    fc.constantFrom('/', '\\', '//', 'evil.example', '@', ':', '?', '#', '..', '%2f', '%5c', '\t', '.', 'https:', ';', '&', 'x'),
  );
  const target = fc.oneof(
    nasty.map((parts) => `/${parts.join('')}`),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(target, fc.constantFrom(undefined, 'https://good.example', 'https://good.example/app'), (path, publicUrl) => {
      const location = httpsAddress(path, publicUrl, 'good.example:80');
      if (location === undefined) return;
      assert.equal(new URL(location).origin, 'https://good.example', path);
      assert.match(location, /^https:\/\/good\.example\/[\x21-\x7e]*$|^https:\/\/good\.example\/app\//);
    }),
    { numRuns: 5_000 },
  );
});

test('whatever the host, the redirect has it as its host or there is none', () => {
  const piece = fc.constantFrom(
    'evil',
    'good',
    '.example',
    '@',
    ':',
    '/',
    '\\',
    '#',
    '?',
    '[',
    ']',
    '%',
    ' ',
    '80',
    '0x',
    '-',
    '_',
    '..',
    'é',
    '\0',
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1 }), (pieces) => {
      const host = pieces.join('');
      const location = httpsAddress('/a', undefined, host);
      if (location !== undefined) assert.equal(new URL(location).hostname, host.replace(/:\d+$/, '').toLowerCase());
    }),
    { numRuns: 5_000 },
  );
});

test('a body of 20 MB is refused while it arrives, none of it is logged, and the connection goes on', async (context) => {
  const { app, lines, bodies } = forcingServer(context);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const socket = await openSocket((app.server.address() as AddressInfo).port);
  const piece = Buffer.alloc(1024 * 1024, 'kan4rie ');
  socket.write(`PUT /thing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${20 * piece.length}\r\n\r\n`);
  const early = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  assert.match(early, /^HTTP\/1\.1 403 /, 'the answer comes before any of the body');
  const end = readToEnd(socket);
  for (let count = 0; count < 20; count += 1) {
    if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.write('GET /open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.equal(parseAnswer(await end).status, 200);
  assert.equal(bodies(), 1, 'of the second request');
  assert.ok(!lines.join('').includes('kan4rie'));
});

test('a client that waits with its body is never asked for it in the clear', async (context) => {
  const { app } = forcingServer(context, { trustedProxies: ['loopback'] });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const head = 'PUT /thing HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n';
  const refused = await exchange(port, `${head}\r\n`);
  assert.match(refused, /^HTTP\/1\.1 403 [\s\S]*connection: close/i);
  const socket = await openSocket(port);
  socket.write(`${head}X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`);
  const asked = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
  assert.equal(asked, 'HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('{}');
  assert.match(await readToEnd(socket), /^HTTP\/1\.1 200 /);
});
