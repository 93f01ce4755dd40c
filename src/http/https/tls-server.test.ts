import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import {
  type CertificateMaker,
  type MadeCertificate,
  openCertificateMaker,
  skipWithoutOpenssl as skip,
} from '../../../test/support/certificates.ts';
import { inTime } from '../../../test/support/in-time.ts';
import { openSocket, parseAnswer, readToEnd } from '../../../test/support/raw-http.ts';
import { completeMethods } from '../methods.ts';
import { createHttpServer } from '../server.ts';
import { readCertificate } from './certificate.ts';
import { reloadCertificate } from './reload-certificate.ts';

let maker: CertificateMaker;
let first: MadeCertificate;
let second: MadeCertificate;
before(() => {
  if (skip) return;
  maker = openCertificateMaker();
  [first, second] = [maker.make('first'), maker.make('second')];
});
after(() => maker?.remove());

async function tlsServer(context: TestContext, files: { certificate: string; key: string } = first) {
  const lines: { level: number; msg: string; reason?: string }[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const current = await readCertificate(files);
  const app = createHttpServer({ log, defaultLanguage: 'en', tls: current });
  app.get('/thing', async () => ({ thing: true }));
  app.put('/thing', async () => ({ kept: true }));
  app.get('/slow', async () => {
    await delay(300);
    return { slow: true };
  });
  completeMethods(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  // A close that waits for something must fail here, and not hang.
  context.after(() => app.close());
  return { app, lines, log, port: (app.server.address() as AddressInfo).port };
}

function secureSocket(
  port: number,
  versions: { minVersion?: SecureVersion; maxVersion?: SecureVersion; ciphers?: string } = {},
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...versions }, () => resolve(socket));
    socket.once('error', reject);
  });
}

async function exchangeSecurely(port: number, bytes: string) {
  const socket = await secureSocket(port);
  socket.write(bytes);
  return parseAnswer(await readToEnd(socket));
}

const nameOf = async (port: number) => {
  const socket = await secureSocket(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
};

test('TLS 1.2 and 1.3 with forward secrecy are spoken, and nothing older or weaker', { skip }, async (context) => {
  const { port } = await tlsServer(context);
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await secureSocket(port, { minVersion: version, maxVersion: version });
    assert.equal(socket.getProtocol(), version);
    assert.match(socket.getCipher().name, /^TLS_|^ECDHE-/);
    socket.destroy();
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  await assert.rejects(secureSocket(port, old), /alert protocol version|unsupported protocol/i);
  for (const ciphers of ['AES128-GCM-SHA256', 'ECDHE-ECDSA-AES128-SHA', 'AES256-SHA']) {
    await assert.rejects(secureSocket(port, { maxVersion: 'TLSv1.2', ciphers }), /handshake failure/i, ciphers);
  }
});

test('HSTS is on every answer, also to bytes that are no request', { skip }, async (context) => {
  const { port } = await tlsServer(context);
  const close = 'Host: x\r\nConnection: close\r\n\r\n';
  const asked: readonly (readonly [bytes: string, status: number])[] = [
    [`GET /thing HTTP/1.1\r\n${close}`, 200],
    [`GET /nowhere HTTP/1.1\r\n${close}`, 404],
    [`DELETE /thing HTTP/1.1\r\n${close}`, 405],
    [`GET /%zz HTTP/1.1\r\n${close}`, 400],
    ['no request at all\r\n\r\n', 400],
    [`GET /thing HTTP/1.1\r\nX: ${'a'.repeat(17_000)}\r\n${close}`, 431],
    [`PUT /thing HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 17000\r\n${close}`, 413],
  ];
  for (const [bytes, status] of asked) {
    const answer = await exchangeSecurely(port, bytes);
    assert.equal(answer.status, status, bytes.slice(0, 40));
    assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000; includeSubDomains', bytes.slice(0, 40));
  }
});

test('plain HTTP on the port of TLS gets no answer, and others are served', { skip }, async (context) => {
  const { port, lines } = await tlsServer(context);
  for (const bytes of ['GET /thing HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\xff\xff', '\0'.repeat(1_000)]) {
    const socket = await openSocket(port);
    socket.end(bytes);
    assert.ok(!(await readToEnd(socket)).includes('HTTP/1.1'));
  }
  assert.equal(await nameOf(port), 'first');
  assert.deepEqual(
    lines.filter(({ level }) => level >= 40),
    [],
  );
});

test('closing waits for the request under way, and not for connections that ask nothing or never finish their handshake', {
  skip,
}, async (context) => {
  const { app, port } = await tlsServer(context);
  const idle = await secureSocket(port);
  const silent = await openSocket(port);
  const halfway = await openSocket(port);
  halfway.write('\x16\x03\x01\x02\x00');
  const slow = exchangeSecurely(port, 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
  await delay(100);
  const ends = Promise.all([idle, silent, halfway].map(readToEnd));
  const begun = performance.now();
  await app.close();
  // Node's own limit for a handshake is 120 s.
  assert.ok(performance.now() - begun < 30_000);
  const answer = await slow;
  assert.deepEqual([answer.status, answer.headers.connection, answer.body], [200, 'close', '{"slow":true}']);
  await ends;
});

test('a client that never finishes its handshake or header fields is cut off within seconds', { skip }, async (context) => {
  const { port } = await tlsServer(context);
  const slow = await secureSocket(port);
  slow.write('GET /thing HTTP/1.1\r\nHost: x\r\n');
  // Node's own limit for a handshake is 120 s.
  const [, refusal] = await inTime(Promise.all([readToEnd(await openSocket(port)), readToEnd(slow)]));
  assert.equal(parseAnswer(refusal).status, 408);
});

test('a reload gives new connections the new certificate, open ones go on; a pair that cannot be used is logged, and the old one stays', {
  skip,
}, async (context) => {
  const files = { certificate: path.join(maker.folder, 'live.pem'), key: path.join(maker.folder, 'live.key.pem') };
  const put = (certificate: string, key: string) => {
    copyFileSync(certificate, files.certificate);
    copyFileSync(key, files.key);
  };
  put(first.certificate, first.key);
  const { app, port, lines, log } = await tlsServer(context, files);
  const reload = () => reloadCertificate(app, files, log);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  const ask = () =>
    new Promise<string | undefined>((resolve, reject) => {
      const outgoing = request({ port, host: '127.0.0.1', path: '/thing', agent }, (answer) => {
        const { subject } = (answer.socket as TLSSocket).getPeerCertificate();
        answer.resume().on('end', () => resolve(subject.CN));
      });
      outgoing.on('error', reject).end();
    });
  assert.equal(await ask(), 'first');
  const errors = () => lines.filter(({ level }) => level >= 50).map(({ reason }) => reason);

  put(second.certificate, first.key);
  await reload();
  assert.equal(errors().length, 1);
  assert.match(errors()[0] ?? '', /^TLS_KEY .* is not the key of/);
  assert.equal(await nameOf(port), 'first');
  rmSync(files.key);
  await reload();
  assert.match(errors()[1] ?? '', /there is no such file/);
  assert.equal(await nameOf(port), 'first');

  put(second.certificate, second.key);
  await reload();
  assert.equal(await nameOf(port), 'second');
  assert.equal(await ask(), 'first', 'the connection that is open goes on');
  const socket = await secureSocket(port, { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' });
  assert.match(socket.getCipher().name, /^ECDHE-/, 'the same rules hold for the new certificate');
  socket.destroy();
  await assert.rejects(secureSocket(port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }), /handshake failure/i);
  agent.destroy();
});
